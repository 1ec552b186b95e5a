import { LRUCache } from "lru-cache";
import type { Tensor, Tensors } from "../../inference/tensor.ts";
import { readBinary } from "./binary-tensor.ts";
import type { InferBody } from "./infer-body.ts";
import { type InferHead, type ModelShape, readInferHead } from "./infer-head.ts";
import { invalidInput, quote } from "./invalid-input.ts";
import { readJson } from "./json-tensor.ts";

export interface InferRequest {
  head: InferHead;
  feeds: Tensors;
}

/**
 * Reads an inference request of the Open Inference Protocol, its tensors in JSON or as binary data
 * behind it, and holds it against what the model takes.
 * @throws RequestError 400 with the place of what is wrong
 */
export function readInferRequest(
  { text, bytes }: Pick<InferBody, "text" | "bytes">,
  model: ModelShape,
): InferRequest {
  const head = headOf(text, model);
  const feeds: Tensors = {};
  let used = 0;
  for (const [index, { name, datatype, dims, count, binarySize, data }] of head.inputs.entries()) {
    const pointer = `/inputs/${index}`;
    let elements: Tensor["data"];
    if (binarySize === undefined) elements = readJson(datatype, data, dims, `${pointer}/data`);
    else {
      const own = bytes.subarray(used, used + binarySize);
      const place = `${pointer}/parameters/binary_data_size`;
      if (own.length < binarySize) {
        throw invalidInput(place, `Of ${binarySize} bytes, ${own.length} were sent.`);
      }
      used += binarySize;
      elements = readBinary(datatype, own, count, place);
    }
    feeds[name] = { type: datatype.type, dims, data: elements };
  }
  if (used < bytes.length) {
    throw invalidInput("/inputs", `${bytes.length - used} bytes of the body belong to no tensor.`);
  }
  const missing = model.inputs.find(({ name }) => !Object.hasOwn(feeds, name));
  if (missing === undefined) return { head, feeds };
  throw invalidInput("/inputs", `The input ${quote(missing.name)} is missing.`);
}

/** Texts that are remembered for one model, and the characters of the longest. */
const most = { texts: 8, length: 1024 };

const remembered = new WeakMap<ModelShape["inputs"], LRUCache<string, InferHead>>();

/**
 * A caller that sends its tensors as bytes says the same of them each time: reading that once more
 * would be a tenth of a small call.
 */
function headOf(text: string, model: ModelShape): InferHead {
  if (text.length > most.length) return readInferHead(text, model);
  let known = remembered.get(model.inputs);
  if (known === undefined) {
    known = new LRUCache({ max: most.texts });
    remembered.set(model.inputs, known);
  }
  const found = known.get(text);
  if (found !== undefined) return found;
  const head = readInferHead(text, model);
  const { id = "", inputs } = head;
  const comesAgain = id === "" && inputs.every(({ binarySize }) => binarySize !== undefined);
  if (comesAgain) known.set(text, head);
  return head;
}
