import type { FastifyInstance } from "fastify";
import { jobOptions } from "../job-options.ts";
import { RequestError } from "../request-error.ts";
import type { Services } from "../services.ts";
import { errorAnswers, exactly, listOf, number, text } from "./schemas.ts";

const guess = { language: text, name: text, confidence: number };
const result = exactly({ ...guess, top: listOf(exactly(guess)) });

const answerSchema = {
  type: "object",
  required: ["task", "model"],
  properties: {
    task: text,
    model: exactly({ name: text, version: text }),
    result,
    results: listOf(result),
  },
};

interface TextBody {
  task: "language";
  text?: string;
  texts?: string[];
}

/** Work on texts: one, or a batch of them. */
export function textRoutes(application: FastifyInstance, services: Services): void {
  const { limits, timeout } = services.spec.serve;
  const one = { type: "string", minLength: 1, maxLength: limits.text };
  const body = {
    type: "object",
    required: ["task"],
    additionalProperties: false,
    properties: {
      task: { type: "string", enum: ["language"] },
      text: one,
      texts: { type: "array", minItems: 1, maxItems: limits.batch, items: one },
    },
  };
  application.post<{ Body: TextBody }>(
    "/api/v1/text/process",
    { schema: { body, response: { 200: answerSchema, ...errorAnswers } } },
    async (request, reply) => {
      const { task } = request.body;
      const texts = textsOf(request.body);
      const options = jobOptions(request, reply, timeout);
      const results = await services.language.identify(texts, options);
      const { name, version } = services.language.model;
      const answer = { task, model: { name, version } };
      if (request.body.texts === undefined) return { ...answer, result: results[0] };
      return { ...answer, results };
    },
  );
}

function textsOf({ text: single, texts }: TextBody): string[] {
  if (single !== undefined && texts === undefined) return [single];
  if (texts !== undefined && single === undefined) return texts;
  throw new RequestError(400, "request.invalid", 'The body needs either "text" or "texts".');
}
