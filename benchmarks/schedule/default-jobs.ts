/** As often as the jobs of a new project. */
export const defaultJobs = {
  models: { cron: "0 * * * *", shell: "true" },
  database: { cron: "0 2 * * *", shell: "true" },
  full: { cron: "0 3 * * 0", shell: "true" },
  cleanup: { cron: "0 4 * * *", shell: "true" },
  drill: { cron: "0 5 * * 0", shell: "true" },
};
