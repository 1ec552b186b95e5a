import { Readable } from "node:stream";
import type { FastifyReply } from "fastify";
import { InferenceError } from "../../inference/inference-error.ts";
import type { Tensor, Tensors } from "../../inference/tensor.ts";
import { answerAtOnce, mostAtOnce } from "../answer-at-once.ts";
import { RequestError } from "../request-error.ts";
import { writeBinary } from "./binary-tensor.ts";
import { datatypeOf } from "./datatypes.ts";
import type { InferHead } from "./infer-head.ts";
import { writeJson } from "./json-tensor.ts";

/** Tensors of more bytes than this together are sent from where they are, not copied together. */
const largeAnswer = 64 * 1024;

/**
 * Answers an inference request with the outputs it asks for, in its order.
 * @param common the headers of every answer, where the framework's hooks do not set them
 */
export function sendInferAnswer(
  reply: FastifyReply,
  common: () => Record<string, string>,
  model: { name: string; version: string },
  { id, outputs: asked }: InferHead,
  tensors: Tensors,
): FastifyReply {
  const parts: Buffer[] = [];
  const outputs = asked.map(({ name, binary }) => {
    const tensor = tensors[name];
    if (tensor === undefined) {
      throw new InferenceError("inference.failed", `The model gave no output "${name}".`);
    }
    if (!binary) return describe(name, tensor, `"data":${jsonOf(name, tensor)}`);
    const bytes = writeBinary(tensor.data);
    parts.push(bytes);
    return describe(name, tensor, `"parameters":{"binary_data_size":${bytes.length}}`);
  });
  const members = [
    `"model_name":${JSON.stringify(model.name)}`,
    `"model_version":${JSON.stringify(model.version)}`,
    ...(id === undefined ? [] : [`"id":${JSON.stringify(id)}`]),
    `"outputs":[${outputs.join(",")}]`,
  ];
  const text = `{${members.join(",")}}`;
  if (parts.length === 0) return reply.type("application/json; charset=utf-8").send(text);
  const headLength = Buffer.byteLength(text);
  const headers = {
    "content-type": "application/octet-stream",
    "inference-header-content-length": String(headLength),
  };
  const length = parts.reduce((sum, part) => sum + part.length, headLength);
  if (length <= mostAtOnce) {
    return answerAtOnce(reply, { ...common(), ...headers }, latin1Of(text, headLength, parts));
  }
  const head = Buffer.from(text);
  reply.headers(headers);
  if (length <= largeAnswer) return reply.send(Buffer.concat([head, ...parts], length));
  reply.header("content-length", String(length));
  return reply.send(Readable.from([head, ...parts.filter((part) => part.length > 0)]));
}

/** The bytes as characters: of a text of ASCII alone these are its own. */
function latin1Of(text: string, length: number, parts: readonly Buffer[]): string {
  let all = length === text.length ? text : Buffer.from(text).toString("latin1");
  for (const part of parts) all += part.toString("latin1");
  return all;
}

function describe(name: string, { type, dims }: Tensor, content: string): string {
  const datatype = datatypeOf(type)?.name ?? type;
  return `{"name":${JSON.stringify(name)},"datatype":"${datatype}","shape":[${dims.join(",")}],${content}}`;
}

function jsonOf(name: string, { type, data }: Tensor): string {
  if (type !== "float16") return writeJson(type, data);
  throw new RequestError(
    400,
    "inference.input",
    `The output "${name}", FP16, has no form in JSON.`,
    {
      hint: "Ask for it with parameters.binary_data, or for all with parameters.binary_data_output.",
    },
  );
}
