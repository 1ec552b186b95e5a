import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { graph, model, node, tensor, value } from "../../../src/inference/onnx/build.ts";
import { encodeModel } from "../../../src/inference/onnx/model-file.ts";

const vocabulary = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "a", "cat", "dog", "runs", "##s", "sees"];

/** Length of the vectors of the test model. */
export const width = 4;

/** The vector of a token, row-major in the order of the vocabulary. */
const table = Float32Array.from(
  { length: vocabulary.length * width },
  (_, at) => Math.sin(at * 1.7) + (at % 5) / 10,
);

/**
 * A model in which every token looks at every other one that the mask lets it see, so padding that is
 * not masked shows: `last_hidden_state` = the token's vector + the mean of all of them.
 */
function contextModel(typeIds: boolean): Buffer {
  const float = { attributes: { to: 1 } };
  const rows = ["batch", "sequence"];
  const context = graph({
    name: "context",
    node: [
      node("Gather", ["table", "input_ids"], ["own"], { attributes: { axis: 0 } }),
      node("Cast", ["attention_mask"], ["mask"], float),
      node("Unsqueeze", ["mask", "middle"], ["line"]),
      node("MatMul", ["line", "own"], ["total"]),
      node("ReduceSum", ["line", "last"], ["present"], { attributes: { keepdims: 1 } }),
      node("Max", ["present", "one"], ["divisor"]),
      node("Div", ["total", "divisor"], ["mean"]),
      node("Add", ["own", "mean"], [typeIds ? "both" : "last_hidden_state"]),
      ...(typeIds
        ? [
            node("Cast", ["token_type_ids"], ["types"], float),
            node("Unsqueeze", ["types", "last"], ["column"]),
            node("Add", ["both", "column"], ["last_hidden_state"]),
          ]
        : []),
    ],
    initializer: [
      tensor("table", "float32", [vocabulary.length, width], table),
      tensor("middle", "int64", [1], BigInt64Array.of(1n)),
      tensor("last", "int64", [1], BigInt64Array.of(2n)),
      tensor("one", "float32", [1], Float32Array.of(1)),
    ],
    input: [
      value("input_ids", "int64", rows),
      value("attention_mask", "int64", rows),
      ...(typeIds ? [value("token_type_ids", "int64", rows)] : []),
    ],
    output: [value("last_hidden_state", "float32", [...rows, width])],
  });
  return encodeModel(model({ graph: context, producerName: "test", operatorSets: { "": 17 } }));
}

export interface EmbeddingFolder {
  /** As Hugging Face has it: the model in `onnx/`, and no folder of a version. */
  asPublished?: boolean;
  typeIds?: boolean;
  /** Files beside the model, by path; each is written as JSON. */
  files?: Record<string, unknown>;
}

/** Writes a folder with a tokenizer and a model of it, as `<models>/<name>/1` where nothing is said. */
export async function writeEmbeddingModel(
  models: string,
  name: string,
  { asPublished = false, typeIds = false, files = {} }: EmbeddingFolder = {},
): Promise<string> {
  const folder = asPublished ? join(models, name) : join(models, name, "1");
  const all: Record<string, unknown> = {
    "tokenizer.json": tokenizer(),
    "tokenizer_config.json": { model_max_length: 16, pad_token: "[PAD]" },
    ...files,
  };
  for (const [path, content] of Object.entries(all)) {
    await mkdir(join(folder, path, ".."), { recursive: true });
    await writeFile(join(folder, path), JSON.stringify(content));
  }
  const file = join(folder, asPublished ? "onnx/model.onnx" : "model.onnx");
  await mkdir(join(file, ".."), { recursive: true });
  await writeFile(file, contextModel(typeIds));
  return folder;
}

function tokenizer(): object {
  const vocab = Object.fromEntries(vocabulary.map((piece, id) => [piece, id]));
  const special = (id: number): object => {
    return { id, content: vocabulary[id], special: true, normalized: false, single_word: false };
  };
  return {
    version: "1.0",
    added_tokens: [0, 1, 2, 3].map(special),
    normalizer: { type: "BertNormalizer", clean_text: true, lowercase: true },
    pre_tokenizer: { type: "BertPreTokenizer" },
    post_processor: {
      type: "TemplateProcessing",
      single: [
        { SpecialToken: { id: "[CLS]", type_id: 0 } },
        { Sequence: { id: "A", type_id: 0 } },
        { SpecialToken: { id: "[SEP]", type_id: 0 } },
      ],
      pair: [],
      special_tokens: {
        "[CLS]": { id: "[CLS]", ids: [2], tokens: ["[CLS]"] },
        "[SEP]": { id: "[SEP]", ids: [3], tokens: ["[SEP]"] },
      },
    },
    model: {
      type: "WordPiece",
      unk_token: "[UNK]",
      continuing_subword_prefix: "##",
      max_input_chars_per_word: 100,
      vocab,
    },
  };
}

/** What the model gives for token ids, computed here: a row for each token. */
export function hiddenRows(ids: readonly number[]): number[][] {
  const own = ids.map((id) => Array.from(table.subarray(id * width, (id + 1) * width)));
  const mean = Array.from(
    { length: width },
    (_, at) => own.reduce((sum, row) => sum + (row[at] ?? 0), 0) / ids.length,
  );
  return own.map((row) => row.map((value, at) => value + (mean[at] ?? 0)));
}
