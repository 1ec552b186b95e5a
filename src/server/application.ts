import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import type { Role } from "../keys/role.ts";
import { AnswerDeadline } from "./answer-deadline.ts";
import { answerError } from "./error-answer.ts";
import { useCompression } from "./compression.ts";
import { useCors } from "./cors.ts";
import type { KeyHolder } from "./guard/key-ring.ts";
import { headersOf } from "./headers.ts";
import { describeProblem, problemMediaType } from "./problem.ts";
import { RequestError } from "./request-error.ts";
import { RouteCatalogue } from "./route-catalogue.ts";
import { batchRoutes } from "./routes/batch.ts";
import { controlRoutes } from "./routes/control.ts";
import { descriptionRoutes } from "./routes/description.ts";
import { embeddingsRoutes } from "./routes/embeddings.ts";
import { healthRoutes } from "./routes/health.ts";
import { inferenceProtocolRoutes } from "./routes/inference-protocol.ts";
import { imageRoutes } from "./routes/image.ts";
import { informationRoutes } from "./routes/information.ts";
import { metricsRoute } from "./routes/metrics.ts";
import { optimizeRoutes } from "./routes/optimize.ts";
import { textRoutes } from "./routes/text.ts";
import { vectorRoutes } from "./routes/vectors.ts";
import type { Services } from "./services.ts";
import { exchangeOf } from "./traffic.ts";

declare module "fastify" {
  interface FastifyContextConfig {
    /** Answered without a key, wherever the daemon listens. */
    open?: boolean;
    /** The role that a key needs. Default: viewer to read (GET), operator for the rest. */
    role?: Role;
    /** Exists on the private socket only. */
    control?: boolean;
  }
  /** What the API's description says of a route beside its schemas. */
  interface FastifySchema {
    summary?: string;
    tags?: readonly string[];
    /** Left out of the description. */
    hide?: boolean;
    /** Media types of the body, and of the answers that are no problem; JSON when not said. */
    consumes?: readonly string[];
    produces?: readonly string[];
  }
}

/** The API, ready to be given requests through `routing`; it listens nowhere by itself. */
export async function createApplication(services: Services): Promise<FastifyInstance> {
  const { fastify } = await import("fastify");
  const application = fastify({
    bodyLimit: services.spec.serve.limits.body,
    // An item's id of 256 characters, each of them escaped.
    routerOptions: { maxParamLength: 256 * 12 },
    // Values are what they were sent as: "5" is no number, and an unknown key is an error.
    ajv: { customOptions: { coerceTypes: false, removeAdditional: false } },
    frameworkErrors: (error, request, reply) => failed(services, error, request, reply),
    genReqId: (request) => exchangeOf(request).id,
  });
  // Whoever answers, no answer can be without them; a route may know better.
  application.addHook("onSend", (request, reply, _payload, done) => {
    const common = headersOf(exchangeOf(request.raw), services.spec.release);
    for (const [name, value] of Object.entries(common)) {
      if (!reply.hasHeader(name)) reply.header(name, value);
    }
    done();
  });
  await useCors(application, services.spec.serve.cors.origins);
  await useCompression(application);
  const deadline = new AnswerDeadline(services.spec.serve.timeout);
  application.addHook("onRequest", (request, reply, done) => {
    deadline.watch(reply, exchangeOf(request.raw).begun);
    admit(services, request, reply, done);
  });
  application.setErrorHandler<FastifyError>((error, request, reply) =>
    failed(services, error, request, reply),
  );
  // No route takes it, and a page of anyone's can have a browser send it.
  application.removeContentTypeParser("text/plain");
  const catalogue = new RouteCatalogue(application);
  application.setNotFoundHandler((request) => {
    const control = exchangeOf(request.raw).origin === "private";
    throw nothingThere(request, catalogue.methodsOf(pathOf(request), { control }));
  });
  for (const routes of [
    informationRoutes,
    healthRoutes,
    metricsRoute,
    textRoutes,
    embeddingsRoutes,
    imageRoutes,
    batchRoutes,
    optimizeRoutes,
    vectorRoutes,
    inferenceProtocolRoutes,
    controlRoutes,
  ]) {
    routes(application, services);
  }
  descriptionRoutes(application, services, catalogue);
  await application.ready();
  return application;
}

function nothingThere(request: FastifyRequest, methods: readonly string[]): RequestError {
  const what = `${request.method} ${pathOf(request).slice(0, 200)}`;
  if (methods.length === 0) {
    return new RequestError(404, "route.unknown", `There is no ${what}.`, {
      hint: "GET /openapi.json describes what there is.",
    });
  }
  const allow = methods.join(", ");
  return new RequestError(405, "route.method", `There is no ${what}, but ${allow}.`, {
    headers: { allow },
  });
}

/** Without a promise where nothing has to be waited for: small calls would feel it. */
function admit(
  { guard, metrics }: Services,
  request: FastifyRequest,
  reply: FastifyReply,
  done: (error?: Error) => void,
): void {
  const { url, config } = request.routeOptions;
  const exchange = exchangeOf(request.raw);
  exchange.route = url ?? null;
  if (exchange.origin === "private") {
    done();
    return;
  }
  if (config.control === true) {
    reply.callNotFound();
    return;
  }
  const refuse = (error: unknown): void => {
    if (error instanceof RequestError) metrics.refused(error.code);
    done(error as Error);
  };
  const identify = async (holder: Promise<KeyHolder | null>): Promise<void> => {
    try {
      const known = await holder;
      exchange.caller = known?.id ?? null;
      exchange.role = known?.role ?? null;
    } catch (error) {
      refuse(error);
      return;
    }
    done();
  };
  let holder: Promise<KeyHolder | null> | null;
  try {
    holder = guard.admit(request, reply);
  } catch (error) {
    refuse(error);
    return;
  }
  if (holder === null) done();
  else void identify(holder);
}

function pathOf(request: FastifyRequest): string {
  return request.url.split("?", 1)[0] ?? "";
}

function failed(
  services: Services,
  error: unknown,
  request: FastifyRequest,
  reply: FastifyReply,
): void {
  const failure = answerError(error);
  const { status, code, retryAfter, headers = {} } = failure;
  const exchange = exchangeOf(request.raw);
  exchange.code = code;
  const fields = { requestId: request.id, trace_id: exchange.trace.traceId, code };
  if (status === 500) services.spec.logger.error({ ...fields, error }, "request failed");
  if (retryAfter !== undefined) reply.header("retry-after", String(retryAfter));
  if (status === 401) reply.header("www-authenticate", "Bearer");
  // As text: the schemas of the route's other answers have nothing to say about it.
  const problem = JSON.stringify(describeProblem(failure, request.url, request.id));
  // What the framework itself refuses comes past the hooks.
  reply.headers(headersOf(exchange, services.spec.release));
  void reply.code(status).headers(headers).type(problemMediaType).send(problem);
}
