import type { FastifyInstance } from "fastify";
import { StudioError } from "../../errors.ts";
import { RequestError } from "../request-error.ts";
import type { Services } from "../services.ts";
import { errorAnswers, exactly, flag, integer, listOf, text } from "./schemas.ts";

const milliseconds = { type: ["number", "null"] };

const stateSchema = exactly({
  release: text,
  version: text,
  environment: text,
  pid: integer,
  startedAt: text,
  accepting: flag,
  maintenance: flag,
  maintenanceMessage: { type: ["string", "null"] },
  ready: flag,
  inFlight: integer,
  connections: integer,
  takesLeft: integer,
  requests: exactly({ total: integer, errors: integer }),
  day: exactly({
    covers: integer,
    requests: integer,
    errors: integer,
    average: milliseconds,
    p50: milliseconds,
    p95: milliseconds,
  }),
  models: listOf(exactly({ name: text, version: text, sha256: text, ready: flag })),
});

const maintenanceBody = {
  type: "object",
  additionalProperties: false,
  required: ["on"],
  properties: { on: flag, message: text },
};

const stopBody = {
  type: "object",
  additionalProperties: false,
  properties: { drain: { type: "integer", minimum: 0, maximum: 24 * 60 * 60 * 1000 } },
};

/** How the process that started the daemon steers it; on the private socket only. */
export function controlRoutes(application: FastifyInstance, services: Services): void {
  const config = { control: true };
  const { serve, logger } = services.spec;
  const options = { config, schema: { response: { 200: stateSchema, ...errorAnswers } } };
  application.get("/control/state", options, async () => {
    await services.health.report(1000);
    return services.daemon().state();
  });
  application.post("/control/accept", options, async () => {
    try {
      await services.daemon().accept();
    } catch (error) {
      if (!(error instanceof StudioError)) throw error;
      throw new RequestError(409, error.code, error.message, { hint: error.hint });
    }
    return services.daemon().state();
  });
  application.post("/control/pause", options, async () => {
    await services.daemon().pause();
    return services.daemon().state();
  });
  application.post<{ Body: { on: boolean; message?: string } }>(
    "/control/maintenance",
    { config, schema: { body: maintenanceBody, response: { 200: stateSchema, ...errorAnswers } } },
    async (request) => {
      const { on, message = null } = request.body;
      services.daemon().maintain(on, message);
      return services.daemon().state();
    },
  );
  application.post<{ Body: { drain?: number } | null }>(
    "/control/stop",
    {
      config,
      schema: { body: stopBody, response: { 202: stateSchema, ...errorAnswers } },
      preValidation: async (request) => {
        request.body ??= {};
      },
    },
    async (request, reply) => {
      // After the answer: the stop closes the connection it goes out on.
      reply.raw.once("close", () => {
        services
          .daemon()
          .stop(request.body?.drain ?? serve.shutdown)
          .catch((error: unknown) => logger.error({ error }, "stop failed"));
      });
      reply.code(202);
      return services.daemon().state();
    },
  );
}
