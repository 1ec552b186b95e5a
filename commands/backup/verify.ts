import { list, text } from "../../src/cli/blocks.ts";
import {
  type Input,
  defineCommand,
  flagOption,
  listOption,
  textOption,
} from "../../src/cli/command.ts";
import { StudioError, exitCodes, usageError } from "../../src/errors.ts";
import { roughBytes } from "../../src/format/rough.ts";
import type { VerifyDepth, VerifyReport } from "../../src/backup/verify/verify.ts";

export default defineCommand<VerifyReport>({
  description:
    "Checks that all a snapshot needs is there and, as deep as is asked, that every byte is what " +
    "was written, every file has its SHA-256 and every database passes its own check.",
  arguments: [{ name: "ID", summary: "Snapshot (default: latest)", complete: "snapshots" }],
  options: [
    { flags: "--read-data", summary: "Read every byte, not only that all is there" },
    { flags: "--sample <percent>", summary: "Read so many percent, others each time, e.g. 5%" },
    { flags: "--identity <file>", summary: "age key of an encrypted snapshot", repeatable: true },
  ],
  examples: [
    { line: "studio backup verify", does: "is everything there?" },
    { line: "studio backup verify latest --read-data", does: "prove every byte" },
    { line: "studio backup verify --sample 5%", does: "prove another twentieth each time" },
  ],
  dryRun: "reads",
  exitCodes: [0, 2, 4, 7, 8, 130, 143],
  async run(context, input) {
    const { verifyBackup } = await import("../../src/deploy/verify-backup.ts");
    const path = await import("node:path");
    const result = await verifyBackup(await context.workplace(), {
      snapshot: input.arguments[0] ?? "latest",
      depth: depthOf(input),
      identityFiles: listOption(input, "identity").map((file) => path.resolve(context.cwd, file)),
    });
    if (result.ok) return { result };
    const exitCode = exitCodes.checkFailed;
    const message = `Snapshot ${result.id} is damaged.`;
    const hint = "`studio backup list` shows the others; take a new one now.";
    return {
      result,
      exitCode,
      error: new StudioError({ code: "backup.damaged", message, hint, exitCode }),
    };
  },
  human: (report) =>
    report.ok
      ? [text(`Snapshot ${report.id} is whole: ${found(report)}.`, "good")]
      : [list(report.problems)],
});

function depthOf(input: Input): VerifyDepth {
  const sample = textOption(input, "sample");
  if (flagOption(input, "readData")) return { kind: "data", percent: 100 };
  if (sample === undefined) return { kind: "structure" };
  const percent = Number(sample.replace(/%$/, ""));
  if (percent > 0 && percent <= 100) return { kind: "data", percent };
  throw usageError(`--sample takes a part, such as 5%, not "${sample}".`);
}

function found({ objects, bytes, decrypted }: VerifyReport): string {
  const { needed, read } = objects;
  if (read === 0) return `${needed} objects are there`;
  const how = decrypted ? "and hold what was backed up" : "and are what was written";
  return `${read} of ${needed} objects (${roughBytes(bytes)}) were read ${how}`;
}
