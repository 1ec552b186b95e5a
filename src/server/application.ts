import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { Role } from "../keys/role.ts";
import { answerError } from "./error-answer.ts";
import { useCompression } from "./compression.ts";
import { useCors } from "./cors.ts";
import { RequestError } from "./request-error.ts";
import { controlRoutes } from "./routes/control.ts";
import { healthRoutes } from "./routes/health.ts";
import { informationRoutes } from "./routes/information.ts";
import { metricsRoute } from "./routes/metrics.ts";
import { textRoutes } from "./routes/text.ts";
import { vectorRoutes } from "./routes/vectors.ts";
import type { Services } from "./services.ts";

declare module "fastify" {
  interface FastifyContextConfig {
    /** Answered without a key, wherever the daemon listens. */
    open?: boolean;
    /** The role that a key needs. Default: viewer to read (GET), operator for the rest. */
    role?: Role;
    /** Exists on the private socket only. */
    control?: boolean;
  }
}

/** The API, ready to be given requests through `routing`; it listens nowhere by itself. */
export async function createApplication(services: Services): Promise<FastifyInstance> {
  const { fastify } = await import("fastify");
  const application = fastify({
    bodyLimit: services.spec.serve.limits.body,
    handlerTimeout: services.spec.serve.timeout,
    // Values are what they were sent as: "5" is no number, and an unknown key is an error.
    ajv: { customOptions: { coerceTypes: false, removeAdditional: false } },
    frameworkErrors: (error, request, reply) => failed(services, error, request, reply),
    genReqId: (request) => services.traffic.of(request).id,
  });
  await useCors(application, services.spec.serve.cors.origins);
  await useCompression(application);
  application.addHook("onRequest", (request, reply) => admit(services, request, reply));
  application.setErrorHandler<FastifyError>((error, request, reply) =>
    failed(services, error, request, reply),
  );
  application.setNotFoundHandler((request) => {
    throw new RequestError(
      404,
      "route.unknown",
      `There is no ${request.method} ${pathOf(request)}.`,
    );
  });
  for (const routes of [
    informationRoutes,
    healthRoutes,
    metricsRoute,
    textRoutes,
    vectorRoutes,
    controlRoutes,
  ]) {
    routes(application, services);
  }
  await application.ready();
  return application;
}

async function admit(
  { traffic, guard, metrics }: Services,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<void> {
  const { url, config } = request.routeOptions;
  const exchange = traffic.of(request.raw);
  exchange.route = url ?? null;
  if (exchange.origin === "private") return;
  if (config.control === true) {
    reply.callNotFound();
    return;
  }
  try {
    exchange.caller = (await guard.admit(request, reply))?.id ?? null;
  } catch (error) {
    if (error instanceof RequestError) metrics.refused(error.code);
    throw error;
  }
}

function pathOf(request: FastifyRequest): string {
  return (request.url.split("?")[0] ?? "").slice(0, 200);
}

function failed(
  services: Services,
  error: unknown,
  request: FastifyRequest,
  reply: FastifyReply,
): void {
  const { status, body, retryAfter } = answerError(error);
  const fields = { requestId: request.id, code: body.error.code };
  if (status === 500) services.spec.logger.error({ ...fields, error }, "request failed");
  if (retryAfter !== undefined) reply.header("retry-after", String(retryAfter));
  if (status === 401) reply.header("www-authenticate", "Bearer");
  void reply.code(status).send(body);
}
