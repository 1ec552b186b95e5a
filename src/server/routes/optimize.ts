import type { FastifyInstance } from "fastify";
import type { ModelReport } from "../../inference/tasks/performance.ts";
import type { ModelCapacity } from "../../inference/model-options.ts";
import { Abandonment } from "../abandonment.ts";
import { requireRole } from "../guard/guard.ts";
import type { Services } from "../services.ts";
import { exchangeOf } from "../traffic.ts";
import { errorAnswers, exactly, flag, integer, listOf, number, text } from "./schemas.ts";

const setting = { instances: integer, batch_rows: integer, batch_tokens: integer };

const candidate = exactly({
  ...setting,
  row_tokens: { ...integer, description: "Of each row that was sent; 0 where that is unknown." },
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

/** @param most seconds for which can be measured */
const bodySchema = (most: number) => ({
  type: "object",
  additionalProperties: false,
  properties: {
    models: { type: "array", minItems: 1, maxItems: 100, uniqueItems: true, items: text },
    seconds: { type: "number", minimum: 0.1, maximum: most, default: Math.min(10, most) },
    dimensions: {
      type: "object",
      maxProperties: 50,
      additionalProperties: { type: "integer", minimum: 1, maximum: 100_000 },
    },
    apply: { type: "boolean", default: false, description: "For this, a key of an admin." },
  },
});

interface OptimizeBody {
  models?: string[];
  seconds: number;
  dimensions?: Record<string, number>;
  apply: boolean;
}

/** Finds out by measuring with how many threads and in what batches the models do best. */
export function optimizeRoutes(application: FastifyInstance, services: Services): void {
  // Starting threads takes its time too, and the answer has to be there before the time-out.
  const most = services.spec.serve.timeout / 2000;
  application.post<{ Body: OptimizeBody }>(
    "/api/v1/optimize/performance",
    {
      config: { role: "operator" },
      schema: {
        summary: "Measure the loaded models under several settings, and propose or set the best",
        tags: ["models"],
        body: bodySchema(most),
        response: { 200: answerSchema, ...errorAnswers },
      },
      preValidation: async (request) => {
        request.body ??= {} as OptimizeBody;
      },
    },
    async (request, reply) => {
      const { models, seconds, dimensions, apply } = request.body;
      if (apply) requireRole(exchangeOf(request.raw).role, "admin");
      const duration = seconds * 1000;
      const signal = new Abandonment(reply);
      // On a busy machine each step takes longer than it is given.
      const longest = 1.5 * most * 1000;
      const asked = { models, duration, longest, dimensions, apply, signal };
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
      const load = { row_tokens: rest.rowTokens, callers, items };
      return { ...named(rest), ...load, ...figures, p95_ms: round(p95) };
    }),
  };
}

function named({ instances, batchRows, batchTokens }: ModelCapacity): object {
  return { instances, batch_rows: batchRows, batch_tokens: batchTokens };
}

/** Three digits after the point: more than a measurement is worth. */
function round(value: number): number {
  return Math.round(value * 1000) / 1000;
}
