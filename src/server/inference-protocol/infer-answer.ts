import { Readable } from "node:stream";
import type { FastifyReply } from "fastify";
import { InferenceError } from "../../inference/inference-error.ts";
import type { Tensor, Tensors } from "../../inference/tensor.ts";
import { answerAtOnce, mostAtOnce } from "../answer-at-once.ts";
import { RequestError } from "../request-error.ts";
import { writeBinary } from "./binary-tensor.ts";
import { datatypeOf } from "./datatypes.ts";
import type { AnswerHead, InferHead } from "./infer-head.ts";
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
  head: InferHead,
  tensors: Tensors,
): FastifyReply {
  const outputs = head.outputs.map(({ name }) => outputOf(tensors, name));
  const parts = head.outputs.map(({ binary }, index) =>
    binary ? writeBinary((outputs[index] as Tensor).data) : null,
  );
  if (parts.every((part) => part === null)) {
    const { text } = describeAnswer(model, head, outputs, parts);
    return reply.type("application/json; charset=utf-8").send(text);
  }
  return sendBinary(reply, common, describeOnce(model, head, outputs, parts), parts);
}

type Parts = readonly (Buffer | null)[];

function sendBinary(
  reply: FastifyReply,
  common: () => Record<string, string>,
  { text, bytes }: AnswerHead,
  given: Parts,
): FastifyReply {
  const parts = given.filter((part) => part !== null);
  const length = parts.reduce((sum, part) => sum + part.length, bytes);
  if (length <= mostAtOnce) {
    const headers = common();
    headers["content-type"] = octets;
    headers[lengthHeader] = String(bytes);
    return answerAtOnce(reply, headers, latin1Of(text, bytes, parts));
  }
  const head = Buffer.from(text);
  reply.type(octets).header(lengthHeader, String(bytes));
  if (length <= largeAnswer) return reply.send(Buffer.concat([head, ...parts], length));
  reply.header("content-length", String(length));
  return reply.send(Readable.from([head, ...parts.filter((part) => part.length > 0)]));
}

const octets = "application/octet-stream";
const lengthHeader = "inference-header-content-length";

/** The bytes as characters: of a text of ASCII alone these are its own. */
function latin1Of(text: string, length: number, parts: readonly Buffer[]): string {
  let all = length === text.length ? text : Buffer.from(text).toString("latin1");
  for (const part of parts) all += part.toString("latin1");
  return all;
}

function outputOf(tensors: Tensors, name: string): Tensor {
  const tensor = tensors[name];
  if (tensor !== undefined) return tensor;
  throw new InferenceError("inference.failed", `The model gave no output "${name}".`);
}

/** As before, where outputs of the same shapes were described for the same words. */
function describeOnce(
  model: { name: string; version: string },
  head: InferHead,
  outputs: readonly Tensor[],
  parts: Parts,
): AnswerHead {
  let shapes = "";
  for (const [index, { dims }] of outputs.entries()) {
    // Numbers alone follow from their shape.
    const part = parts[index] as Buffer | null;
    shapes += part === null ? "data" : `${dims.join(",")}:${part.length};`;
  }
  const known = head.answer;
  if (known?.shapes === shapes && !shapes.includes("data")) return known;
  head.answer = { shapes, ...describeAnswer(model, head, outputs, parts) };
  return head.answer;
}

function describeAnswer(
  model: { name: string; version: string },
  { id, outputs: asked }: InferHead,
  outputs: readonly Tensor[],
  parts: Parts,
): { text: string; bytes: number } {
  const described = asked.map(({ name }, index) => {
    const tensor = outputs[index] as Tensor;
    const bytes = parts[index]?.length;
    const content =
      bytes === undefined
        ? `"data":${jsonOf(name, tensor)}`
        : `"parameters":{"binary_data_size":${bytes}}`;
    return describe(name, tensor, content);
  });
  const members = [
    `"model_name":${JSON.stringify(model.name)}`,
    `"model_version":${JSON.stringify(model.version)}`,
    ...(id === undefined ? [] : [`"id":${JSON.stringify(id)}`]),
    `"outputs":[${described.join(",")}]`,
  ];
  const text = `{${members.join(",")}}`;
  return { text, bytes: Buffer.byteLength(text) };
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
