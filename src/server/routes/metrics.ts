import type { FastifyInstance } from "fastify";
import type { Services } from "../services.ts";
import { errorAnswers, text } from "./schemas.ts";

/** The metrics in the text format of Prometheus. */
export function metricsRoute(application: FastifyInstance, services: Services): void {
  const { registry } = services.metrics;
  application.get(
    "/metrics",
    { schema: { produces: ["text/plain"], response: { 200: text, ...errorAnswers } } },
    async (_request, reply) => {
      reply.type(registry.contentType);
      return await registry.metrics();
    },
  );
}
