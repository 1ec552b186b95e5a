import type { FastifySchema } from "fastify";
import { RequestError } from "../request-error.ts";
import { errorAnswers, exactly, flag, integer, listOf, text } from "../routes/schemas.ts";
import { datatypeNames } from "./datatypes.ts";

const namePattern = "^[A-Za-z0-9][A-Za-z0-9_.-]{0,127}$";
const nameExpression = new RegExp(namePattern);
const name = { type: "string", pattern: namePattern } as const;
const tags = ["Open Inference Protocol"];

/** @throws RequestError 400 when the name, of the path, can be none of a model or a version */
export function checkName(given: string, part: "name" | "version"): void {
  if (nameExpression.test(given) && !given.includes("..")) return;
  const detail = `The ${part} of a model begins with a letter or digit; then come letters, digits, "-", "_" and ".".`;
  throw new RequestError(400, "request.invalid", detail, {
    errors: [{ pointer: `/${part}`, in: "path", detail }],
  });
}

export const server: FastifySchema = {
  summary: "The server and its extensions of the protocol",
  tags,
  response: {
    200: exactly({ name: text, version: text, extensions: listOf(text) }),
    ...errorAnswers,
  },
};

export const live: FastifySchema = {
  summary: "Whether the server is live",
  tags,
  response: { 200: exactly({ live: flag }), ...errorAnswers },
};

const readiness = exactly({ live: flag, ready: flag });

export const ready: FastifySchema = {
  summary: "Whether all models are ready",
  tags,
  response: { 200: readiness, 503: readiness, ...errorAnswers },
};

const shape = listOf({ type: "integer" });
const datatype = { type: "string", enum: datatypeNames };
const parameters = { type: "object", additionalProperties: true };
const tensor = exactly({ name: text, datatype, shape });

function params(versioned: boolean): object {
  return exactly(versioned ? { name, version: name } : { name });
}

export function metadata(versioned: boolean): FastifySchema {
  const answer = exactly({
    name: text,
    versions: listOf(text),
    platform: text,
    inputs: listOf(tensor),
    outputs: listOf(tensor),
  });
  return {
    summary: "What a model takes and gives; -1 is a free dimension",
    tags,
    params: params(versioned),
    response: { 200: answer, ...errorAnswers },
  };
}

export function modelReady(versioned: boolean): FastifySchema {
  const answer = exactly({ name: text, ready: flag });
  return {
    summary: "Whether a model is ready",
    tags,
    params: params(versioned),
    response: { 200: answer, 503: answer, ...errorAnswers },
  };
}

const data = {
  type: "array",
  description: "Flat in row-major order, or nested as the shape.",
  items: { type: ["number", "string", "boolean", "array"] },
};

const request = {
  type: "object",
  required: ["inputs"],
  properties: {
    id: text,
    parameters: {
      ...parameters,
      properties: {
        priority: { type: "integer", minimum: 0, description: "1 high, 2 normal, from 3 low." },
        timeout: { type: "integer", minimum: 0, description: "Microseconds." },
        binary_data_output: flag,
      },
    },
    inputs: listOf({
      type: "object",
      required: ["name", "shape", "datatype"],
      properties: { name: text, shape, datatype, parameters, data },
    }),
    outputs: listOf({
      type: "object",
      required: ["name"],
      properties: { name: text, parameters },
    }),
  },
};

const answer = {
  type: "object",
  required: ["model_name", "outputs"],
  properties: {
    model_name: text,
    model_version: text,
    id: text,
    parameters,
    outputs: listOf({
      type: "object",
      required: ["name", "shape", "datatype"],
      properties: { name: text, shape, datatype, parameters, data },
    }),
  },
};

const binary = {
  type: "string",
  format: "binary",
  description:
    "JSON of as many bytes as the header Inference-Header-Content-Length says, then the bytes of the tensors in order, little-endian.",
};

export function infer(versioned: boolean): FastifySchema {
  const content = (json: object) => ({
    content: {
      "application/json": { schema: json },
      "application/octet-stream": { schema: binary },
    },
  });
  return {
    summary: "Run a model on tensors, in JSON or as binary data",
    tags,
    params: params(versioned),
    headers: {
      type: "object",
      properties: {
        "inference-header-content-length": { ...integer, minimum: 0 },
        priority: { type: "string", description: "RFC 9218: u=0 (first) to u=7." },
      },
    },
    body: content(request),
    response: { 200: content(answer), ...errorAnswers },
  };
}

export const index: FastifySchema = {
  summary: "All versions of all models, loaded or not",
  tags,
  body: { type: "object", properties: { ready: flag } },
  response: {
    200: listOf(exactly({ name: text, version: text, state: text, reason: text })),
    ...errorAnswers,
  },
};

export function change(verb: "load" | "unload"): FastifySchema {
  return {
    summary: verb === "load" ? "Load a model, or load it again" : "Let a model go",
    tags,
    params: params(false),
    body: {
      type: "object",
      properties: { parameters: { type: "object", properties: { version: name } } },
    },
    response: { 200: { type: "object" }, ...errorAnswers },
  };
}
