import type { FastifyInstance } from "fastify";
import type { Services } from "../services.ts";
import { errorAnswers, exactly, integer, number, text } from "./schemas.ts";

const component = exactly({ status: text, duration_ms: number });

const healthSchema = exactly({
  status: text,
  timestamp: text,
  version: text,
  system: exactly({
    memory_usage_percent: number,
    cpu_usage_percent: number,
    disk_usage_percent: number,
  }),
  application: exactly({ active_connections: integer, task_queue_size: integer }),
  components: { type: "object", additionalProperties: component },
});

const stateSchema = exactly({ status: text, release: text });

/** A report for a health check may be this old, in milliseconds. */
const freshness = 1000;

/** How the daemon and what it needs are; answered without a key, for proxies and supervisors. */
export function healthRoutes(application: FastifyInstance, services: Services): void {
  const { release, version } = services.spec;
  const config = { open: true };
  application.get(
    "/health",
    {
      compress: false,
      config,
      schema: { response: { 200: healthSchema, 503: healthSchema, ...errorAnswers } },
    },
    async (_request, reply) => {
      const { status, timestamp, system, components } = await services.health.report(freshness);
      reply.code(status === "unhealthy" ? 503 : 200);
      const load = {
        active_connections: services.listener.connections,
        task_queue_size: services.models.queued,
      };
      return { status, timestamp, version, system, application: load, components };
    },
  );
  application.get(
    "/health/live",
    { compress: false, config, schema: { response: { 200: stateSchema, ...errorAnswers } } },
    () => ({ status: "live", release }),
  );
  application.get(
    "/health/ready",
    {
      compress: false,
      config,
      schema: { response: { 200: stateSchema, 503: stateSchema, ...errorAnswers } },
    },
    async (_request, reply) => {
      await services.health.report(freshness);
      const { ready } = services.daemon().state();
      reply.code(ready ? 200 : 503);
      return { status: ready ? "ready" : "not ready", release };
    },
  );
}
