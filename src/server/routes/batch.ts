import type { FastifyInstance } from "fastify";
import { type BatchItem, itemWorkers, workOnBatch } from "../batch-work.ts";
import { jobOptions } from "../job-options.ts";
import type { Services } from "../services.ts";
import { errorAnswers, exactly, integer, listOf, text } from "./schemas.ts";

const anything = { type: "object", additionalProperties: true };

const named = exactly({ name: text, version: text });

const itemAnswer = {
  type: "object",
  required: ["index", "kind", "status"],
  properties: {
    index: integer,
    id: text,
    kind: text,
    status: integer,
    task: text,
    method: named,
    model: named,
    languages: listOf(text),
    usage: exactly({ tokens: integer }),
    result: anything,
    error: {
      type: "object",
      required: ["code", "detail"],
      properties: { code: text, detail: text, hint: text },
    },
  },
};

const answerSchema = exactly({
  results: listOf(itemAnswer),
  summary: exactly({ total: integer, succeeded: integer, failed: integer }),
});

/** Many pieces of work in one request, each answered or refused by itself. */
export function batchRoutes(application: FastifyInstance, services: Services): void {
  const { limits, timeout, batchSize } = services.spec.serve;
  const workers = itemWorkers(services);
  const item = {
    type: "object",
    required: ["kind"],
    properties: { id: { type: "string", maxLength: 256 }, kind: { type: "string" } },
    additionalProperties: true,
  };
  const body = exactly({
    items: { type: "array", minItems: 1, maxItems: limits.batch, items: item },
  });
  application.post<{ Body: { items: BatchItem[] } }>(
    "/api/v1/batch/process",
    {
      schema: {
        summary: "Work on texts, images and vectors in one request",
        tags: ["batch"],
        body,
        response: { 200: answerSchema, ...errorAnswers },
      },
    },
    async (request, reply) => {
      // A little less than the whole request may take: items that are too late say so themselves.
      const answer = await workOnBatch(workers, request.body.items, {
        atOnce: batchSize,
        options: jobOptions(request, reply, timeout - Math.min(500, timeout / 20)),
        failed: ({ status, code }, error) => {
          if (status !== 500) return;
          services.spec.logger.error({ requestId: request.id, code, error }, "item failed");
        },
      });
      for (const { kind, error } of answer.results) {
        // What a caller makes up gets no time series of its own.
        const known = Object.hasOwn(workers, kind) ? kind : "unknown";
        services.metrics.itemFinished(known, error === undefined ? "success" : "failure");
      }
      return answer;
    },
  );
}
