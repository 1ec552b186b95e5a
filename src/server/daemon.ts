import type { IncomingMessage, ServerResponse } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import type { FastifyInstance } from "fastify";
import { reasonOf } from "../errors.ts";
import type { ModelPool } from "../inference/model-pool.ts";
import { createApplication } from "./application.ts";
import type { Daemon, DaemonSpec } from "./daemon-spec.ts";
import { headersOf } from "./headers.ts";
import { answerMalformed } from "./malformed-request.ts";
import { listenPrivately } from "./private-socket.ts";
import { refuseHead, sendProblem } from "./request-head.ts";
import { RunningDaemon } from "./running-daemon.ts";
import { createServices, type Services } from "./services.ts";
import type { Origin } from "./traffic.ts";
import { boundRoomForRequests, keepRequestsYoung } from "./young-requests.ts";

export type { Daemon, DaemonSpec, DaemonState } from "./daemon-spec.ts";

/** Milliseconds between two looks for changed models. */
const watchInterval = 1000;

/** A daemon told to serve at once waits this long, in milliseconds, for its models to warm up. */
const warmUpPatience = 10_000;

/**
 * Starts the inference daemon: models load in their threads, the private socket answers, and the
 * public address is served when told to.
 * @throws StudioError when a model, the socket, the address or the keys are not usable
 */
export async function startDaemon(given: DaemonSpec): Promise<Daemon> {
  keepRequestsYoung();
  boundRoomForRequests();
  const spec: DaemonSpec = { ...given, logger: given.logger.child({ module: "server" }) };
  const handle = (origin: Origin) => (request: IncomingMessage, response: ServerResponse) =>
    receive({ services, application, origin }, request, response);
  const services = await createServices(spec, {
    daemon: () => daemon,
    handler: (request, response) => handle("public")(request, response),
  });
  const application = await createApplication(services);
  const daemon = new RunningDaemon(services, application);
  services.models.start();
  if (spec.serve.watch === true) services.models.watch(watchInterval);
  try {
    if (spec.privateSocket !== null) {
      daemon.privateServer = await listenPrivately(spec.privateSocket, handle("private"));
      answerMalformed(daemon.privateServer, services.malformed);
    }
    await services.health.start();
    // Searches wait for what they need of it, and nothing else does.
    services.vectors.warmUp().catch((error: unknown) => {
      spec.logger.warn({ reason: reasonOf(error) }, "collections were not read beforehand");
    });
    if (spec.acceptAtOnce) {
      await warmUp(services.models);
      await daemon.accept();
    }
  } catch (error) {
    await daemon.stop(0);
    throw error;
  }
  spec.logger.info({ release: spec.release, version: spec.version }, "daemon started");
  return daemon;
}

interface Reception {
  services: Services;
  application: FastifyInstance;
  origin: Origin;
}

/** Gives a request to the API, or answers in its place. */
function receive(
  { services, application, origin }: Reception,
  request: IncomingMessage,
  response: ServerResponse,
): void {
  const { spec, traffic, maintenance } = services;
  const exchange = traffic.begin(request, response, origin);
  const failure = refuseHead(request, spec.serve.limits.headerCount);
  if (failure === null && (origin === "private" || !maintenance.concerns(request))) {
    application.routing(request, response);
    return;
  }
  response.setHeaders(new Map(Object.entries(headersOf(exchange, spec.release))));
  if (failure === null) {
    maintenance.answer(request, response, exchange.id);
  } else {
    exchange.code = failure.code;
    sendProblem(request, response, failure, exchange.id);
  }
}

async function warmUp(models: ModelPool): Promise<void> {
  const deadline = performance.now() + warmUpPatience;
  while (!models.settled && performance.now() < deadline) await sleep(20);
}
