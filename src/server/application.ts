import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { answerError } from "./error-answer.ts";
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
    /** Exists on the private socket only. */
    control?: boolean;
  }
}

/** The API, ready to be given requests through `routing`; it listens nowhere by itself. */
export async function createApplication(services: Services): Promise<FastifyInstance> {
  const { fastify } = await import("fastify");
  const application = fastify({
    bodyLimit: services.spec.serve.limits.body,
    // An item's id of 256 characters, each of them escaped.
    routerOptions: { maxParamLength: 256 * 12 },
    handlerTimeout: services.spec.serve.timeout,
    // Values are what they were sent as: "5" is no number, and an unknown key is an error.
    ajv: { customOptions: { coerceTypes: false, removeAdditional: false } },
    frameworkErrors: (error, request, reply) => failed(services, error, request, reply),
    genReqId: (request) => services.traffic.of(request).id,
  });
  application.addHook("onRequest", async (request, reply) => {
    const { url, config } = request.routeOptions;
    const exchange = services.traffic.of(request.raw);
    exchange.route = url ?? null;
    if (exchange.origin === "private") return;
    if (config.control === true) {
      reply.callNotFound();
      return;
    }
    if (url === undefined || config.open === true) return;
    services.keyCheck?.(request.headers.authorization);
  });
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
