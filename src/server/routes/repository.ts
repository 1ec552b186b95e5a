import type { FastifyInstance, FastifyRequest } from "fastify";
import type { InferBody } from "../inference-protocol/infer-body.ts";
import { invalidInput } from "../inference-protocol/invalid-input.ts";
import { parseJson } from "../inference-protocol/parse-json.ts";
import * as schemas from "../inference-protocol/schemas.ts";
import type { Services } from "../services.ts";

/** Triton's model repository extension: what there is, and loading and unloading of it. */
export function repositoryRoutes(scope: FastifyInstance, { models, spec }: Services): void {
  // Asking for it changes nothing: whoever may read may ask.
  const config = { role: "viewer" } as const;
  scope.post("/v2/repository/index", { config, schema: schemas.index }, (request) => {
    const { ready } = bodyOf(request);
    if (ready !== undefined && typeof ready !== "boolean") {
      throw invalidInput("/ready", "It is true or false.");
    }
    return models
      .index()
      .filter(({ state }) => ready !== true || state === "READY")
      .map(({ name, version, state, reason }) => ({ name, version, state, reason: reason ?? "" }));
  });
  for (const verb of ["load", "unload"] as const) {
    const path = `/v2/repository/models/:name/${verb}`;
    scope.post<{ Params: { name: string } }>(
      path,
      // What is served to everybody changes.
      { config: { role: "admin" }, schema: schemas.change(verb) },
      async (request, reply) => {
        const { name } = request.params;
        schemas.checkName(name, "name");
        await models[verb](name, versionIn(bodyOf(request)));
        spec.logger.info({ requestId: request.id, model: name }, `model ${verb} asked for`);
        return reply.code(200).send({});
      },
    );
  }
}

function bodyOf({ body }: FastifyRequest): Record<string, unknown> {
  const given = body as InferBody | undefined;
  return given === undefined || given.text === "" ? {} : parseJson(given.text);
}

/** `parameters.version` is studio's own; without it the version is chosen as for a request. */
function versionIn({ parameters = {} }: Record<string, unknown>): string | undefined {
  if (typeof parameters !== "object" || parameters === null) {
    throw invalidInput("/parameters", "The parameters are an object.");
  }
  const { version, config } = parameters as Record<string, unknown>;
  if (config !== undefined) {
    const hint = "Write the config.yaml beside the model, then load it.";
    throw invalidInput("/parameters/config", "A configuration is not taken from a request.", hint);
  }
  if (version === undefined) return undefined;
  if (typeof version !== "string") throw invalidInput("/parameters/version", "It is a string.");
  schemas.checkName(version, "version");
  return version;
}
