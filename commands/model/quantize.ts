import { type Block, fields, heading, table, text } from "../../src/cli/blocks.ts";
import { defineCommand, flagOption, textOption } from "../../src/cli/command.ts";
import { createMeter } from "../../src/cli/meter.ts";
import { StudioError, exitCodes } from "../../src/errors.ts";
import { roughBytes } from "../../src/format/rough.ts";
import type { QuantizeReport } from "../../src/inference/quantize/quantize-version.ts";

export default defineCommand<QuantizeReport>({
  description:
    "Makes an int8 version of a model: the weights of MatMul and Gemm become bytes, and activations " +
    "are quantized in each run. Both are run in turns, and the new version is kept when its " +
    "outputs are close enough (cosine of at least 0.99). Each row of an activation has a scale of " +
    "its own, so that a row's answer is the same alone and in a batch. With one scale for all, " +
    "single calls are 20 to 40 % faster, but the daemon computes one request at a time, which " +
    "is slower once many ask for short texts or small rows; weigh the two with --dry-run.",
  arguments: [{ name: "NAME", summary: "The model", required: true }],
  options: [
    { flags: "--version <version>", summary: "The version to start from (default: the highest)" },
    { flags: "--output <dir>", summary: "The new folder (default: the version's, with -int8)" },
    {
      flags: "--samples <file>",
      summary: "Compare on these inputs: one Open Inference Protocol request a line",
      complete: "files",
    },
    { flags: "--embeddings", summary: "Quantize tables of embeddings too" },
    {
      flags: "--one-scale",
      summary: "One scale for all rows of a run: faster for single calls, never batched",
    },
    {
      flags: "--reduce-range",
      summary: "Weights of 7 bits, for processors without VNNI (default: on such a one)",
    },
    { flags: "--force", summary: "Keep the result even when it is not close" },
  ],
  examples: [
    { line: "studio model quantize sentences", does: "sentences/2 becomes sentences/2-int8" },
    {
      line: "studio model quantize sentences --samples real.jsonl",
      does: "judge it on real inputs",
    },
    { line: "studio model quantize sentences --dry-run", does: "measure, and keep nothing" },
  ],
  dryRun: "plans",
  exitCodes: [0, 2, 4, 8, 130, 143],
  async run(context, input) {
    const { quantizeVersion, leastCosine } = await import(
      "../../src/inference/quantize/quantize-version.ts"
    );
    const { bundledModelsFolder } = await import("../../src/inference/models.ts");
    const path = await import("node:path");
    const { settings, directory } = await context.project();
    const absolute = (name: string): string | null => {
      const given = textOption(input, name);
      return given === undefined ? null : path.resolve(context.cwd, given);
    };
    const meter = createMeter(context);
    const force = flagOption(input, "force");
    const result = await quantizeVersion({
      folders: settings.serve.models.map((folder) => path.resolve(directory, folder)),
      bundled: bundledModelsFolder,
      name: input.arguments[0] ?? "",
      version: textOption(input, "version") ?? null,
      output: absolute("output"),
      samples: absolute("samples"),
      embeddings: flagOption(input, "embeddings"),
      eachRow: !flagOption(input, "oneScale"),
      reduceRange: flagOption(input, "reduceRange"),
      force,
      dryRun: context.options.dryRun,
      budget: 4000,
      signal: context.signal,
      say: (words) => meter.say(words),
    }).finally(() => meter.close());
    for (const note of result.notes) context.output.warn(note);
    if (result.difference.cosine >= leastCosine || force) return { result };
    return { result, exitCode: exitCodes.checkFailed, error: inaccurate(result) };
  },
  human: (report) => [
    text(outcome(report), report.output === null ? "warning" : "good"),
    fields([
      ["size", `${roughBytes(report.bytes.before)}, then ${roughBytes(report.bytes.after)}`],
      [
        report.difference.samples === "given" ? "on the samples" : "one at a time",
        speed(report.itemsPerSecond),
      ],
      ...asked(report),
      ["cosine", report.difference.cosine.toFixed(5)],
      ["inputs", report.difference.samples],
      ["operators", `${report.quantized.length} quantized`],
    ]),
    heading("Outputs"),
    table(
      ["OUTPUT", ">COSINE", ">LARGEST DIFFERENCE", ">EQUAL"],
      report.difference.outputs.map(({ output, cosine, maximumDifference, equal }) => [
        output,
        cosine?.toFixed(5) ?? "",
        maximumDifference?.toPrecision(3) ?? "",
        equal === null ? "" : `${(equal * 100).toFixed(1)} %`,
      ]),
      "none",
    ),
    ...leftOut(report),
    ...(report.next === null ? [] : [text(report.next, "dim")]),
  ],
});

function outcome({ model, version, output }: QuantizeReport): string {
  if (output === null) return `Version ${version} of ${model} was measured; nothing was kept.`;
  return `Version ${version} of ${model} was quantized to ${output}.`;
}

/** Items a second of one thread. */
function speed({ before, after, ratio }: QuantizeReport["itemsPerSecond"]): string {
  const rough = (value: number): string => (value < 100 ? value.toPrecision(3) : value.toFixed(0));
  return `${rough(before)} items a second, then ${rough(after)}: ${ratio.toFixed(2)} times`;
}

function asked({ batches, batched, difference }: QuantizeReport): [string, string][] {
  if (batches === null) return [];
  const rows = difference.samples === "given" ? "generated rows" : "rows";
  const how = batched.after ? "" : " (one by one: the daemon does not batch it)";
  return [[`${batches.rows} ${rows} at a time`, `${speed(batches)}${how}`]];
}

/** Nodes that were left are told by their reasons: a model has hundreds. */
function leftOut({ left }: QuantizeReport): Block[] {
  const groups = Map.groupBy(left, ({ operator, reason }) => `${operator}\n${reason}`);
  const rows = [...groups].map(([key, nodes]) => {
    const [operator = "", reason = ""] = key.split("\n");
    return [operator, String(nodes.length), reason, nodes[0]?.node ?? ""];
  });
  return [
    heading("Left as they are"),
    table(["OPERATOR", ">COUNT", "WHY", "SUCH AS"], rows, "none"),
  ];
}

function inaccurate({ model, version, difference }: QuantizeReport): StudioError {
  return new StudioError({
    code: "model.quantize.inaccurate",
    message:
      `The outputs of version ${version} of ${model} change too much: ` +
      `cosine ${difference.cosine.toFixed(5)}, below 0.99. The result was not kept.`,
    hint: "Judge it on real inputs with --samples FILE, or keep it with --force.",
    exitCode: exitCodes.checkFailed,
  });
}
