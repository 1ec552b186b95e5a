import { spawn, spawnSync } from "node:child_process";
import { existsSync, writeFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { rounds } from "../../support/every.ts";
import { createProject } from "../../support/studio.ts";

const canTry =
  process.getuid?.() === 0 &&
  ["crontab", "cron"].every((name) => spawnSync("sh", ["-c", `command -v ${name}`]).status === 0) &&
  spawnSync("unshare", ["--mount", "true"]).status === 0;

/** Folders of the machine's own cron, hidden from what runs here, and what runs here from them. */
const hidden = `
for folder in /var/spool/cron /etc/cron.d /run; do mkdir -p $folder; mount -t tmpfs none $folder; done
mkdir -p /var/spool/cron/crontabs
`;

test.skipIf(!canTry)(
  "Debian's cron runs the installed lines once a minute, as their job",
  async () => {
    const project = await createProject(
      'name: shop\nschedule: { jobs: { job: { cron: "* * * * *", shell: "echo x >>count" } } }\n',
    );
    onTestFinished(() => project.remove());
    const studio = `${process.execPath} ${join(import.meta.dirname, "../../../bin/studio.js")}`;
    const script = join(project.directory, "machine.sh");
    writeFileSync(
      script,
      `set -e\n${hidden}\ncd '${project.directory}'\n${studio} schedule install\nexec cron -f\n`,
    );
    const machine = spawn("unshare", ["--mount", "sh", script], {
      env: { ...project.env, PATH: `${project.env["PATH"]}:/usr/sbin:/sbin` },
      stdio: "ignore",
    });
    onTestFinished(() => void machine.kill("SIGKILL"));
    const ended = new Promise((resolve) => machine.once("close", resolve));
    const runs = async () => {
      const { stdout } = await project.studio(["schedule", "history", "job", "--json"]);
      return (JSON.parse(stdout) as { result: { trigger: string; dueAt: string }[] }).result;
    };
    // It looks at its tables once a minute.
    const wanted = rounds(1, 3);
    const latest = Date.now() + (wanted + 1) * 65_000;
    while ((await runs()).length < wanted && Date.now() < latest) await sleep(1000);
    expect(existsSync(join(project.directory, "count"))).toBe(true);
    machine.kill("SIGTERM");
    await ended;
    const found = await runs();
    expect(found.length).toBeGreaterThanOrEqual(wanted);
    expect(found.every(({ trigger }) => trigger === "crontab")).toBe(true);
    expect(new Set(found.map(({ dueAt }) => dueAt)).size).toBe(found.length);
  },
  330_000,
);
