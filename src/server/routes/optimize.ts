import type { FastifyInstance } from "fastify";
import type { ModelReport } from "../../inference/tasks/performance.ts";
import { Abandonment } from "../abandonment.ts";
import type { Services } from "../services.ts";
import { errorAnswers, exactly, flag, integer, listOf, number, text } from "./schemas.ts";

const setting = { instances: integer, batch_rows: integer };

const candidate = exactly({
  ...setting,
  callers: integer,
  items: integer,
  items_per_second: number,
  p50_ms: number,
  p95_ms: number,
});

const modelSchema = exactly({
  name: text,
  version: text,
  sample: listOf(exactly({ name: text, type: text, shape: listOf(integer) })),
  before: exactly(setting),
  candidates: listOf(candidate),
  skipped: listOf(exactly({ ...setting, reason: text })),
  proposal: exactly(setting),
  gain: number,
  applied: flag,
});

const answerSchema = exactly({
  models: listOf(modelSchema),
  skipped: listOf(exactly({ name: text, version: text, reason: text })),
});

const bodySchema = {
  type: "object",
  additionalProperties: false,
  properties: {
    models: { type: "array", minItems: 1, maxItems: 100, uniqueItems: true, items: text },
    seconds: { type: "number", minimum: 0.1, maximum: 600, default: 10 },
    dimensions: {
      type: "object",
      maxProperties: 50,
      additionalProperties: { type: "integer", minimum: 1, maximum: 100_000 },
    },
    apply: { type: "boolean", default: false },
  },
};

interface OptimizeBody {
  models?: string[];
  seconds: number;
  dimensions?: Record<string, number>;
  apply: boolean;
}

/** Finds out by measuring with how many threads and in what batches the models do best. */
export function optimizeRoutes(application: FastifyInstance, services: Services): void {
  const { timeout } = services.spec.serve;
  application.post<{ Body: OptimizeBody }>(
    "/api/v1/optimize/performance",
    {
      config: { role: "operator" },
      schema: {
        summary: "Measure the loaded models under several settings, and propose or set the best",
        tags: ["models"],
        body: bodySchema,
        response: { 200: answerSchema, ...errorAnswers },
      },
      preValidation: async (request) => {
        request.body ??= {} as OptimizeBody;
      },
    },
    async (request, reply) => {
      const { models, seconds, dimensions, apply } = request.body;
      // Starting threads takes its time too, and the answer has to be there before the time-out.
      const duration = Math.min(seconds * 1000, timeout / 2);
      const signal = new Abandonment(reply);
      const asked = { models, duration, dimensions, apply, signal };
      const report = await services.performance.optimize(asked);
      if (report.models.some(({ applied }) => applied)) {
        const changes = report.models.map(({ name, before, proposal }) => {
          return { name, before, proposal };
        });
        services.spec.logger.info({ requestId: request.id, changes }, "models resized");
      }
      return { models: report.models.map(present), skipped: report.skipped };
    },
  );
}

function present({ before, proposal, candidates, skipped, ...model }: ModelReport): object {
  return {
    ...model,
    gain: round(model.gain),
    before: named(before),
    proposal: named(proposal),
    skipped: skipped.map(({ reason, ...rest }) => ({ ...named(rest), reason })),
    candidates: candidates.map(({ callers, items, itemsPerSecond, p50, p95, ...rest }) => {
      const figures = { items_per_second: round(itemsPerSecond), p50_ms: round(p50) };
      return { ...named(rest), callers, items, ...figures, p95_ms: round(p95) };
    }),
  };
}

function named({ instances, batchRows }: { instances: number; batchRows: number }): object {
  return { instances, batch_rows: batchRows };
}

/** Three digits after the point: more than a measurement is worth. */
function round(value: number): number {
  return Math.round(value * 1000) / 1000;
}
