import { type Block, fields, heading, table } from "../../src/cli/blocks.ts";
import { defineCommand, textOption } from "../../src/cli/command.ts";
import { roughBytes } from "../../src/format/rough.ts";
import type { ModelInspection } from "../../src/inference/inspect-model.ts";

export default defineCommand<ModelInspection>({
  description:
    "Shows what the ONNX file says of a model (inputs, outputs, operator sets), its hash, and the " +
    "configuration it is served with. The model is read, not loaded.",
  arguments: [{ name: "NAME", summary: "Model", required: true, complete: "models" }],
  options: [{ flags: "--version <version>", summary: "Version (default: the one that answers)" }],
  examples: [
    { line: "studio model inspect language", does: "the version that answers" },
    { line: "studio model inspect language --version 1 --json", does: "one version, for programs" },
  ],
  dryRun: "reads",
  exitCodes: [0, 2],
  async run(context, input) {
    const { inspectModel } = await import("../../src/deploy/models.ts");
    const [name = ""] = input.arguments;
    const version = textOption(input, "version");
    return { result: await inspectModel(await context.project(), { name, version }) };
  },
  human: (found) => [facts(found), ...values(found), ...settings(found)],
});

function facts({ model, ...record }: ModelInspection): Block {
  const opsets = Object.entries(model.opsets).map(([domain, version]) => `${domain} ${version}`);
  const rows: [string, string | null][] = [
    ["model", `${record.name}, version ${record.version} (${record.source})`],
    ["file", record.file],
    ["size", roughBytes(record.bytes)],
    ["sha256", record.sha256],
    ["manifest", record.manifest ?? "none"],
    ["task", record.task],
    ["labels", record.labels.length === 0 ? null : String(record.labels.length)],
    ["operators", opsets.join(", ")],
    ["made by", model.producer],
    ["graph", `${model.nodes} nodes, ${model.parameters.toLocaleString("en")} parameters`],
  ];
  return fields(rows.flatMap(([label, value]) => (value === null ? [] : [[label, value]])));
}

function values({ model: { inputs, outputs } }: ModelInspection): Block[] {
  const rows = [
    ...inputs.map((value) => ({ kind: "input", ...value })),
    ...outputs.map((value) => ({ kind: "output", ...value })),
  ];
  return [
    table(
      ["", "NAME", "TYPE", "SHAPE"],
      rows.map(({ kind, name, type, dims }) => [kind, name, type, `[${dims.join(", ")}]`]),
      "neither inputs nor outputs",
    ),
  ];
}

/** Labels and a featurizer's figures can be long: `--json` has them. */
function settings({ configuration }: ModelInspection): Block[] {
  const rows = Object.entries(configuration).flatMap(([key, value]): [string, string][] => {
    const text = typeof value === "string" ? value : JSON.stringify(value);
    return key === "labels" || text.length > 200 ? [] : [[key, text]];
  });
  return rows.length === 0 ? [] : [heading("Configuration"), fields(rows)];
}
