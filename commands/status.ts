import { type Block, fields, heading, table, text } from "../src/cli/blocks.ts";
import { defineCommand } from "../src/cli/command.ts";
import { roughDuration } from "../src/format/rough.ts";
import type { DaySummary } from "../src/server/daemon-spec.ts";
import type { StatusReport } from "../src/deploy/status.ts";

export default defineCommand<StatusReport>({
  description:
    "Shows what is serving and since when, the schema, the last backup and what is due. Asks through " +
    "the public address whether the release is met there, and says what keeps the public from it.",
  examples: [
    { line: "studio status", does: "at a glance" },
    { line: "studio status --json", does: "for a script" },
  ],
  dryRun: "reads",
  exitCodes: [0, 2, 4, 8],
  async run(context) {
    const { readStatus, statusError } = await import("../src/deploy/status.ts");
    const result = await readStatus(await context.view());
    const error = statusError(result);
    return error === null ? { result } : { result, error, exitCode: error.exitCode };
  },
  human(report) {
    const { serving, schema, operation } = report;
    return [
      fields([
        ["environment", report.environment],
        serving === null
          ? (["serving", "nothing has been deployed yet: studio deploy"] as const)
          : ([
              "serving",
              `${serving.release} (${serving.state}) on ${serving.url}`,
              serving.state === "serving" ? "good" : "bad",
            ] as const),
        ["since", serving?.since ?? "-"],
        [
          "requests",
          serving === null || serving.requests === null
            ? "-"
            : `${serving.requests.total}, ${serving.requests.errors} errors`,
        ],
        ...dayFields("last 24 hours", serving?.day ?? null),
        ...daemonFields(report.daemon),
        ["schema", schema.head ?? "empty"],
        ["pending", schema.pending.join(", ") || "none"],
        ["last backup", backupText(report)],
        [
          "next job",
          report.jobs[0] === undefined
            ? "none"
            : `${report.jobs[0].name} at ${report.jobs[0].next}`,
        ],
      ]),
      ...(operation === null
        ? []
        : [text(`A ${operation.kind} is ${operation.state} (${operation.id}).`, "warning")]),
      ...servicesBlocks(serving?.services ?? []),
      ...certificateBlocks(serving?.certificates ?? []),
      heading("Releases"),
      table(
        ["ID", "STATUS", "CURRENT SINCE"],
        report.releases.map((row) => [row.id, row.status, row.since ?? "-"]),
        "none",
      ),
    ];
  },
});

type Fields = Parameters<typeof fields>[0];

function dayFields(label: string, day: DaySummary | null): Fields {
  if (day === null) return [];
  const { covers, requests, errors, average, p50, p95 } = day;
  const times = Object.entries({ average, p50, p95 }).map(
    ([name, time]) => `${name} ${roughMilliseconds(time)}`,
  );
  const known = covers < 86_400_000 ? [`of ${roughDuration(covers)}`] : [];
  return [[label, [`${requests} requests`, `${errors} errors`, ...times, ...known].join(", ")]];
}

function roughMilliseconds(time: number | null): string {
  if (time === null) return "-";
  return `${time < 100 ? Number(time.toPrecision(3)) : Math.round(time)} ms`;
}

function daemonFields(daemon: StatusReport["daemon"]): Fields {
  if (daemon === null) return [];
  const { state, url, pid, since, restarts, log, requests, day } = daemon;
  const where = `${state} on ${url}`;
  const again = restarts === 0 ? "" : `, started again ${restarts} times`;
  const asked = requests === null ? "-" : `${requests.total}, ${requests.errors} errors`;
  return [
    ["daemon", where, state === "serving" ? "good" : "bad"],
    ["its process", pid === null ? "-" : `${pid}, since ${since ?? "-"}${again}`],
    ["its requests", asked],
    ...dayFields("its last 24 hours", day),
    ["its log", log],
  ];
}

function servicesBlocks(services: NonNullable<StatusReport["serving"]>["services"]): Block[] {
  if (services.length === 0) return [];
  const rows = services.map(({ name, role, state, health, image, restarts }) => [
    name,
    role,
    health === null ? state : `${state} (${health})`,
    image,
    String(restarts),
  ]);
  return [heading("Services"), table(["NAME", "ROLE", "STATE", "IMAGE", "RESTARTS"], rows, "none")];
}

function certificateBlocks(
  certificates: NonNullable<StatusReport["serving"]>["certificates"],
): Block[] {
  if (certificates.length === 0) return [];
  const rows = certificates.map(({ place, names, until, problem }) => [
    place,
    names.join(", "),
    until ?? "-",
    problem ?? "in order",
  ]);
  return [
    heading("Certificates"),
    table(["WHERE", "FOR", "UNTIL", "STATE"], rows, "none"),
    ...certificates.flatMap(({ place, problem }) =>
      problem === null ? [] : [text(`${place} ${problem}.`, "warning")],
    ),
  ];
}

function backupText({ backup, repositoryRead }: StatusReport): string {
  if (backup === null) return repositoryRead ? "none" : "not looked at: studio backup list";
  const known = `${backup.id} (${verdicts[String(backup.verified)]})`;
  return repositoryRead ? known : `${known}, as far as this machine knows`;
}

const verdicts: Record<string, string> = {
  true: "read back",
  false: "DAMAGED",
  null: "never read back",
};
