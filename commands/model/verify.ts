import { type Block, list, table } from "../../src/cli/blocks.ts";
import { defineCommand, textOption } from "../../src/cli/command.ts";
import { createMeter } from "../../src/cli/meter.ts";
import { StudioError, exitCodes, usageError } from "../../src/errors.ts";
import type { VersionVerdict } from "../../src/inference/verify-model.ts";

export default defineCommand<{ models: VersionVerdict[] }>({
  description:
    "Compares the files of each model with its manifest (SHA256SUMS or manifest.json beside it), " +
    "loads it as the daemon does, and has its warm-up requests answered.",
  arguments: [{ name: "NAME", summary: "Model (default: all)", complete: "models" }],
  options: [{ flags: "--version <version>", summary: "One version of it (default: all)" }],
  examples: [
    { line: "studio model verify", does: "everything that is served" },
    { line: "studio model verify language", does: "all versions of one model" },
  ],
  dryRun: "reads",
  exitCodes: [0, 2, 4, 130, 143],
  async run(context, input) {
    const [name] = input.arguments;
    const version = textOption(input, "version");
    if (name === undefined && version !== undefined) {
      throw usageError("--version needs the NAME of a model.");
    }
    const { verifyModels } = await import("../../src/deploy/models.ts");
    const meter = createMeter(context);
    const { signal } = context;
    const named = name === undefined ? null : { name, version };
    const options = { signal, say: (text: string) => meter.say(text) };
    const models = await verifyModels(await context.project(), named, options).finally(() =>
      meter.close(),
    );
    const failed = models.filter(({ ok }) => !ok);
    if (failed.length === 0) return { result: { models } };
    const error = refusal(failed);
    return { result: { models }, exitCode: error.exitCode, error };
  },
  human: ({ models }) => [
    table(
      ["NAME", "VERSION", "MANIFEST", "LOADED"],
      models.map(({ name, version, ok, manifest, loaded }) => [
        name,
        version,
        manifest === null ? (ok ? "none" : "") : "agrees",
        loaded === null ? "no" : `in ${loaded} ms`,
      ]),
      "no models yet: studio model pull FILE-OR-URL",
    ),
    ...reasons(models),
  ],
});

function reasons(models: readonly VersionVerdict[]): Block[] {
  const items = models.flatMap(({ name, version, reason }) =>
    reason === null ? [] : [`${name} ${version}: ${reason}`],
  );
  return items.length === 0 ? [] : [list(items)];
}

function refusal(failed: readonly VersionVerdict[]): StudioError {
  const names = failed.map(({ name, version }) => `${name} ${version}`.trim()).join(", ");
  return new StudioError({
    code: "model.unfit",
    message: `Not fit to be served: ${names}.`,
    hint: "Mend the files, or fetch them again with `studio model pull`.",
    exitCode: exitCodes.checkFailed,
  });
}
