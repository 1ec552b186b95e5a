import type { IncomingMessage } from "node:http";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { InferenceError } from "../../inference/inference-error.ts";
import type { LoadedModel } from "../../inference/model.ts";
import { headersOf } from "../headers.ts";
import { datatypeOf } from "../inference-protocol/datatypes.ts";
import { sendInferAnswer } from "../inference-protocol/infer-answer.ts";
import { readInferBody } from "../inference-protocol/infer-body.ts";
import { readInferRequest } from "../inference-protocol/infer-request.ts";
import * as schemas from "../inference-protocol/schemas.ts";
import { jobOptions } from "../job-options.ts";
import type { Services } from "../services.ts";
import { exchangeOf } from "../traffic.ts";
import { repositoryRoutes } from "./repository.ts";

interface Named {
  name: string;
  version?: string;
}

type ModelRequest = FastifyRequest<{ Params: Named }>;

/** How the protocol names models in the ONNX format. */
const platform = "onnx_onnxv1";

const extensions = ["binary_tensor_data", "model_repository", "parameters", "schedule_policy"];

/**
 * The Open Inference Protocol, version 2, over HTTP, with Triton's extensions for binary tensors,
 * scheduling and the model repository.
 */
export function inferenceProtocolRoutes(application: FastifyInstance, services: Services): void {
  void application.register(async (scope) => {
    const { body } = services.spec.serve.limits;
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser("*", (_request: FastifyRequest, payload: IncomingMessage) =>
      readInferBody(payload, body),
    );
    // The schemas of these routes describe; what reads the body checks it as well.
    scope.setValidatorCompiler(() => () => true);
    scope.setSerializerCompiler(() => (value) => JSON.stringify(value));
    serverRoutes(scope, services);
    modelRoutes(scope, services);
    repositoryRoutes(scope, services);
  });
}

function serverRoutes(scope: FastifyInstance, services: Services): void {
  const { spec, health } = services;
  const server = () => ({ name: "studio", version: spec.version, extensions });
  scope.get("/v2", { schema: schemas.server }, server);
  scope.get("/v2/", { schema: { hide: true } }, server);
  const config = { open: true };
  scope.get("/v2/health/live", { config, schema: schemas.live }, () => ({ live: true }));
  scope.get("/v2/health/ready", { config, schema: schemas.ready }, async (_request, reply) => {
    await health.report(1000);
    const { ready } = services.daemon().state();
    reply.code(ready ? 200 : 503);
    return { live: true, ready };
  });
}

function modelRoutes(scope: FastifyInstance, services: Services): void {
  for (const path of ["/v2/models/:name", "/v2/models/:name/versions/:version"]) {
    const versioned = path.endsWith(":version");
    scope.get(path, { schema: schemas.metadata(versioned) }, (request) =>
      describe(findModel(services, request as ModelRequest), services),
    );
    scope.get(`${path}/ready`, { schema: schemas.modelReady(versioned) }, (request, reply) => {
      const { record, ready } = findModel(services, request as ModelRequest);
      reply.code(ready ? 200 : 503);
      return { name: record.name, ready };
    });
    scope.route({
      method: "POST",
      url: `${path}/infer`,
      schema: schemas.infer(versioned),
      // Before the framework looks for what reads the body, validates and serialises: nothing of it
      // is left to do here, and a small call takes a tenth longer for the looking.
      onRequest: (request, reply) => {
        infer(services, request as ModelRequest, reply).catch((error: unknown) => {
          reply.send(error);
        });
      },
      handler: () => undefined,
    });
  }
}

async function infer(
  services: Services,
  request: ModelRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const { release, serve } = services.spec;
  const body = await readInferBody(request.raw, serve.limits.body);
  try {
    const model = findModel(services, request);
    if (!model.ready) throw notReady(model);
    const { head, feeds } = readInferRequest(body, model);
    const tensors = await model.infer(feeds, jobOptions(request, reply, serve.timeout, head));
    const common = () => headersOf(exchangeOf(request.raw), release);
    return sendInferAnswer(reply, common, model.record, head, tensors);
  } finally {
    body.release();
  }
}

function findModel({ models }: Services, { params }: ModelRequest): LoadedModel {
  const { name, version } = params;
  schemas.checkName(name, "name");
  if (version !== undefined) schemas.checkName(version, "version");
  return models.require(name, version);
}

function notReady({ record }: LoadedModel): InferenceError {
  return new InferenceError("inference.unavailable", `The model "${record.name}" is not ready.`);
}

function describe({ record, inputs, outputs }: LoadedModel, { models }: Services): object {
  const { name } = record;
  const versions = models.index().filter((one) => one.name === name && one.version !== "");
  const present = (values: LoadedModel["inputs"]): object[] =>
    values.map((value) => ({
      name: value.name,
      datatype: datatypeOf(value.type)?.name ?? value.type,
      shape: value.dims.map((size) => (typeof size === "number" ? size : -1)),
    }));
  return {
    name,
    versions: versions.map(({ version }) => version),
    platform,
    inputs: present(inputs),
    outputs: present(outputs),
  };
}
