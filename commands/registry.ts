import type { Registry } from "../src/cli/registry.ts";

/** Everything that can be typed: the page to read first. Each line's module is loaded on demand. */
export const registry: Registry = {
  groups: {
    backup: "Take, prove and restore snapshots",
    "backup key": "Keys that backups are encrypted with",
    config: "Show and check the configuration",
    key: "Make and revoke the keys of the API",
    migrate: "Change the database schema",
    model: "Look after the models that are served",
    schedule: "Run jobs when they are due, and tell when they were not",
    service: "Survive a reboot of the machine",
  },
  entries: [
    entry(
      "Deploy:",
      "deploy",
      "Bring up a new release; the old one serves until it is proven",
      () => import("./deploy.ts"),
    ),
    entry("Deploy:", "rollback", "Return to an earlier release", () => import("./rollback.ts")),
    entry(
      "Deploy:",
      "resume",
      "Carry an unfinished operation through",
      () => import("./resume.ts"),
    ),
    entry("Deploy:", "abort", "Undo an unfinished operation", () => import("./abort.ts")),
    entry("Deploy:", "up", "Start the current release again", () => import("./up.ts")),
    entry("Deploy:", "down", "Stop the current release in good order", () => import("./down.ts")),
    entry(
      "Deploy:",
      "maintenance",
      "Tell callers to come back later",
      () => import("./maintenance.ts"),
    ),
    entry(
      "Look:",
      "status",
      "Show what is serving, and how it stands",
      () => import("./status.ts"),
    ),
    entry("Look:", "logs", "Show the log of the release that serves", () => import("./logs.ts")),
    entry(
      "Look:",
      "history",
      "Show who did what, when, why and how it ended",
      () => import("./history.ts"),
    ),
    entry("Look:", "doctor", "Look for what is missing or wrong", () => import("./doctor.ts")),
    entry(
      "Data:",
      "backup create",
      "Take a snapshot and read it back",
      () => import("./backup/create.ts"),
    ),
    entry("Data:", "backup list", "List snapshots", () => import("./backup/list.ts")),
    entry("Data:", "backup show", "Show what a snapshot holds", () => import("./backup/show.ts")),
    entry(
      "Data:",
      "backup diff",
      "Show in what two snapshots differ",
      () => import("./backup/diff.ts"),
    ),
    entry(
      "Data:",
      "backup verify",
      "Read a snapshot back and check every byte",
      () => import("./backup/verify.ts"),
    ),
    entry(
      "Data:",
      "backup drill",
      "Prove a snapshot by restoring it aside",
      () => import("./backup/drill.ts"),
    ),
    entry(
      "Data:",
      "backup restore",
      "Bring files or the database back from a snapshot",
      () => import("./backup/restore.ts"),
    ),
    entry(
      "Data:",
      "backup prune",
      "Remove snapshots that the retention lets go",
      () => import("./backup/prune.ts"),
    ),
    entry(
      "Data:",
      "backup undelete",
      "Bring snapshots back from the trash",
      () => import("./backup/undelete.ts"),
    ),
    entry(
      "Data:",
      "backup copy",
      "Copy snapshots to another repository",
      () => import("./backup/copy.ts"),
    ),
    entry(
      "Data:",
      "backup key generate",
      "Make a key to encrypt backups with",
      () => import("./backup/key/generate.ts"),
    ),
    entry(
      "Data:",
      "backup key check",
      "Show whether the keys of backups were seen to decrypt",
      () => import("./backup/key/check.ts"),
    ),
    entry(
      "Data:",
      "backup export",
      "Write a snapshot as an archive for other programs",
      () => import("./backup/export.ts"),
    ),
    entry(
      "Data:",
      "backup import",
      "Make a snapshot of an archive that someone else made",
      () => import("./backup/import.ts"),
    ),
    entry("Data:", "migrate up", "Apply pending migrations", () => import("./migrate/up.ts")),
    entry("Data:", "migrate down", "Take migrations back", () => import("./migrate/down.ts")),
    entry(
      "Data:",
      "migrate status",
      "Show applied and pending migrations",
      () => import("./migrate/status.ts"),
    ),
    entry("Data:", "migrate create", "Write a new migration", () => import("./migrate/create.ts")),
    entry(
      "Data:",
      "migrate check",
      "Check that the schema is what the files say",
      () => import("./migrate/check.ts"),
    ),
    entry(
      "Data:",
      "migrate dump",
      "Write the live schema to a file",
      () => import("./migrate/dump.ts"),
    ),
    entry(
      "Data:",
      "migrate rehearse",
      "Try pending migrations and take them back",
      () => import("./migrate/rehearse.ts"),
    ),
    entry(
      "Data:",
      "migrate test",
      "See that each migration can be taken back",
      () => import("./migrate/test.ts"),
    ),
    entry(
      "Data:",
      "migrate lint",
      "Judge what migrations do to a running release",
      () => import("./migrate/lint.ts"),
    ),
    entry(
      "Data:",
      "migrate history",
      "Show what was ever done to the schema",
      () => import("./migrate/history.ts"),
    ),
    entry(
      "Data:",
      "migrate current",
      "Print the schema's head",
      () => import("./migrate/current.ts"),
    ),
    entry(
      "Data:",
      "migrate baseline",
      "Begin with a database that exists",
      () => import("./migrate/baseline.ts"),
    ),
    entry(
      "Data:",
      "migrate repair",
      "Mend what does not fit between files and journal",
      () => import("./migrate/repair.ts"),
    ),
    entry("Run:", "key create", "Make a key of the API", () => import("./key/create.ts")),
    entry("Run:", "key list", "List the keys of the API", () => import("./key/list.ts")),
    entry(
      "Run:",
      "key rotate",
      "Make a key that takes the place of another",
      () => import("./key/rotate.ts"),
    ),
    entry("Run:", "key revoke", "Make a key invalid", () => import("./key/revoke.ts")),
    entry("Run:", "serve", "Serve the models in the foreground", () => import("./serve.ts")),
    entry("Run:", "model list", "List the models that there are", () => import("./model/list.ts")),
    entry(
      "Run:",
      "model inspect",
      "Show what a model takes, gives and is set to",
      () => import("./model/inspect.ts"),
    ),
    entry(
      "Run:",
      "model verify",
      "Check hashes, and load each model once",
      () => import("./model/verify.ts"),
    ),
    entry(
      "Run:",
      "model pull",
      "Fetch a model from a file or an address",
      () => import("./model/pull.ts"),
    ),
    entry("Run:", "bench", "Load-test a release and judge it", () => import("./bench.ts")),
    entry(
      "Run:",
      "model quantize",
      "Make an int8 version of a model, and compare the two",
      () => import("./model/quantize.ts"),
    ),
    entry(
      "Run:",
      "schedule list",
      "List the jobs, and what became of each",
      () => import("./schedule/list.ts"),
    ),
    entry(
      "Run:",
      "schedule next",
      "Show when jobs are due next",
      () => import("./schedule/next.ts"),
    ),
    entry("Run:", "exec", "Run a command in the environment", () => import("./exec.ts")),
    entry("Set up:", "init", "Write a studio.yaml to start from", () => import("./init.ts")),
    entry(
      "Set up:",
      "config show",
      "Show every setting, and where it comes from",
      () => import("./config/show.ts"),
    ),
    entry("Set up:", "config check", "Check studio.yaml", () => import("./config/check.ts")),
    entry(
      "Set up:",
      "service install",
      "Start the current release at every boot",
      () => import("./service/install.ts"),
    ),
    entry(
      "Set up:",
      "service uninstall",
      "Start it at boot no more",
      () => import("./service/uninstall.ts"),
    ),
    entry(
      "Set up:",
      "completion",
      "Print the completion script of a shell",
      () => import("./completion.ts"),
    ),
    hidden("__supervise", () => import("./supervise.ts")),
    hidden("__instance", () => import("./instance.ts")),
    hidden("__relay", () => import("./relay.ts")),
  ],
};

type Load = Registry["entries"][number]["load"];

function entry(group: string, words: string, summary: string, load: Load) {
  return { group, words, summary, load };
}

function hidden(words: string, load: Load) {
  return { group: "Internal:", words, summary: "Used by studio itself", load, hidden: true };
}
