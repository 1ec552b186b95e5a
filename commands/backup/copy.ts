import { fields, table, text } from "../../src/cli/blocks.ts";
import { type Input, defineCommand, flagOption, textOption } from "../../src/cli/command.ts";
import { createMeter } from "../../src/cli/meter.ts";
import { StudioError, exitCodes, usageError } from "../../src/errors.ts";
import { roughBytes } from "../../src/format/rough.ts";
import type { CopyReport } from "../../src/backup/copy/copy.ts";

export default defineCommand<CopyReport>({
  description:
    "Copies snapshots to another repository, and only what is missing there. Stored bytes are " +
    "copied as they are and read back by their SHA-256: no key is needed, and what is encrypted " +
    "stays so. After an interruption the same command goes on where it was.",
  arguments: [
    { name: "ID", summary: "Snapshot, its name, or latest", variadic: true, complete: "snapshots" },
  ],
  options: [
    {
      flags: "--to <repository>",
      summary: "A folder, or s3://BUCKET/PREFIX; it is made where there is none",
      complete: "files",
    },
    { flags: "--all", summary: "All snapshots" },
    { flags: "--latest", summary: "The newest one" },
  ],
  examples: [
    {
      line: "studio backup copy --to /mnt/disk/backups --all",
      does: "to a disk that is taken away",
    },
    {
      line: "studio backup copy --to s3://off-site/studio --latest",
      does: "the newest, elsewhere",
    },
  ],
  exitCodes: [0, 2, 4, 7, 8, 130, 143],
  async run(context, input) {
    const place = await context.view();
    const to = textOption(input, "to");
    if (to === undefined || to === "") {
      throw usageError("Which repository should they be copied to?", "Give it with --to FOLDER.");
    }
    const snapshots = wantedOf(input);
    const { copyBackups } = await import("../../src/deploy/copy-backups.ts");
    const path = await import("node:path");
    const meter = createMeter(context);
    const result = await copyBackups(place, {
      to: to.startsWith("s3://") ? to : path.resolve(context.cwd, to),
      snapshots,
      signal: context.signal,
      say: (words) => meter.say(words),
    }).finally(() => meter.close());
    const failure = failureOf(result);
    return failure === null ? { result } : { result, exitCode: failure.exitCode, error: failure };
  },
  human: ({ to, snapshots }) => [
    table(
      ["ID", "OUTCOME", ">NEW", ">OBJECTS", "ENCRYPTED"],
      snapshots.map((one) => [
        one.id,
        one.reason ?? outcomes[one.outcome],
        roughBytes(one.addedBytes),
        `${one.addedObjects} of ${one.objects}`,
        one.encrypted ? "yes" : "no",
      ]),
      "there is no snapshot to copy",
    ),
    ...(snapshots.some(({ outcome }) => outcome === "failed")
      ? []
      : [text("All of them are there, read back.", "good")]),
    fields([["repository", to]]),
  ],
});

const outcomes = { copied: "copied", present: "was there", failed: "failed" };

/** Null for all. */
function wantedOf(input: Input): string[] | null {
  const [all, latest] = [flagOption(input, "all"), flagOption(input, "latest")];
  const ways = [all, latest, input.arguments.length > 0].filter(Boolean).length;
  if (ways !== 1) {
    throw usageError(
      ways === 0 ? "Which snapshots should be copied?" : "Snapshots were chosen in two ways.",
      "Give their ids, --latest or --all.",
    );
  }
  if (all) return null;
  return latest ? ["latest"] : [...input.arguments];
}

function failureOf({ snapshots }: CopyReport): StudioError | null {
  const failed = snapshots.filter(({ outcome }) => outcome === "failed");
  if (failed.length === 0) return null;
  return new StudioError({
    code: "backup.damaged",
    message: `Not copied, because they are damaged here: ${failed.map(({ id }) => id).join(", ")}.`,
    hint: "`studio backup verify ID --read-data` says what is wrong with one of them.",
    exitCode: exitCodes.checkFailed,
  });
}
