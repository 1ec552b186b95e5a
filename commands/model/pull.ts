import { fields, text } from "../../src/cli/blocks.ts";
import { defineCommand, textOption } from "../../src/cli/command.ts";
import { createMeter } from "../../src/cli/meter.ts";
import { usageError } from "../../src/errors.ts";
import { roughBytes } from "../../src/format/rough.ts";
import type { PullReport } from "../../src/inference/pull/pull-model.ts";

export default defineCommand<PullReport>({
  description:
    "Puts a model into the first folder of serve.models as a new version: an ONNX file, a folder " +
    "as Hugging Face has it, or a tar archive (.tar, .tar.gz) of one, from this machine or by " +
    "http(s). It is checked, loaded and warmed up aside first; an existing version is never " +
    "replaced. A download that was broken off goes on where it stopped.",
  arguments: [{ name: "FILE-OR-URL", summary: "What to fetch", required: true, complete: "files" }],
  options: [
    { flags: "--name <name>", summary: "Name of the model (default: after the file)" },
    { flags: "--version <version>", summary: "Version (default: the next number)" },
    { flags: "--sha256 <hash>", summary: "Hash that the file must have; of a folder, its model" },
    { flags: "--max-size <size>", summary: "Refuse what is larger", default: "10GB" },
  ],
  examples: [
    { line: "studio model pull resnet50.onnx", does: "version 1 of the model resnet50" },
    { line: "studio model pull ./all-MiniLM-L6-v2 --name embedding", does: "a folder" },
    {
      line: "studio model pull https://example.com/m.tar.gz --name m --version 3",
      does: "an archive, as version 3",
    },
  ],
  exitCodes: [0, 2, 4, 7, 8, 130, 143],
  async run(context, input) {
    const [source = ""] = input.arguments;
    const sha256 = textOption(input, "sha256");
    if (sha256 !== undefined && !/^[0-9a-f]{64}$/i.test(sha256)) {
      throw usageError("--sha256 takes 64 hexadecimal digits.");
    }
    const { parseBytes } = await import("../../src/config/quantity.ts");
    const maximumBytes = parseBytes(textOption(input, "maxSize") ?? "10GB");
    const { pullModel } = await import("../../src/deploy/models.ts");
    const path = await import("node:path");
    const remote = /^https?:\/\//i.test(source);
    if (remote && !URL.canParse(source)) throw usageError("The address is not complete.");
    const request = {
      from: remote ? source : path.resolve(context.cwd, source),
      name: textOption(input, "name"),
      version: textOption(input, "version"),
      sha256,
      maximumBytes,
    };
    const meter = createMeter(context);
    const options = { signal: context.signal, say: (words: string) => meter.say(words) };
    const result = await pullModel(await context.project(), request, options).finally(() =>
      meter.close(),
    );
    return { result };
  },
  human: ({ name, version, folder, bytes, sha256, loaded }) => [
    text(`Model ${name}, version ${version}, was fetched, loaded and warmed up.`, "good"),
    fields([
      ["folder", folder],
      ["size", roughBytes(bytes)],
      ["sha256", sha256],
      ["loaded in", `${loaded} ms`],
    ]),
    text("A daemon that runs takes it with serve.watch, a load request or a deploy.", "dim"),
  ],
});
