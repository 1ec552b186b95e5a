import { fastify } from "fastify";
import { beforeAll, describe, expect, it } from "vitest";
import { describeApi } from "../../../src/server/api-description.ts";
import { RouteCatalogue } from "../../../src/server/route-catalogue.ts";
import { errorAnswers, exactly, integer, text } from "../../../src/server/routes/schemas.ts";

let catalogue: RouteCatalogue;

beforeAll(async () => {
  const application = fastify();
  catalogue = new RouteCatalogue(application);
  const answer = () => ({});
  application.get("/", answer);
  application.route({ method: ["PUT", "PATCH"], url: "/things/:id/parts/:part", handler: answer });
  const params = exactly({ id: text });
  const querystring = {
    type: "object",
    required: ["page"],
    properties: { page: integer, all: text },
  };
  const response = { 204: { type: "null" }, ...errorAnswers };
  application.delete("/things/:id", { schema: { params, querystring, response } }, answer);
  application.get("/files/*", { schema: { hide: true } }, answer);
  application.get("/control/state", { config: { control: true } }, answer);
  void application.register(async (scope) => {
    scope.post(
      "/scoped",
      { config: { open: true }, schema: { body: exactly({ a: text }) } },
      answer,
    );
  });
  await application.ready();
});

describe("the routes of an application", () => {
  it("are all described, wherever they were registered, but for hidden and private ones", () => {
    const { paths } = describeApi(catalogue.routes, "1") as { paths: Record<string, object> };
    const described = Object.entries(paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method} ${path}`),
    );
    expect(described.toSorted()).toEqual([
      "delete /things/{id}",
      "get /",
      "patch /things/{id}/parts/{part}",
      "post /scoped",
      "put /things/{id}/parts/{part}",
    ]);
    expect(paths["/scoped"]).toMatchObject({
      post: { security: [], requestBody: { required: true } },
    });
    expect(paths["/things/{id}"]).toMatchObject({
      delete: {
        operationId: "delete_things_id",
        parameters: [
          { name: "id", in: "path", required: true },
          { name: "page", in: "query", required: true },
          { name: "all", in: "query", required: false },
        ],
        responses: {
          "204": { description: expect.any(String) as string },
          "4XX": {
            content: {
              "application/problem+json": { schema: { $ref: "#/components/schemas/Problem" } },
            },
          },
        },
      },
    });
  });

  it("are found by the paths that they answer to", () => {
    const methods = (path: string, control = false) => catalogue.methodsOf(path, { control });
    expect(methods("/")).toEqual(["GET", "HEAD"]);
    expect(methods("/things/7")).toEqual(["DELETE"]);
    expect(methods("/things/7/parts/8")).toEqual(["PATCH", "PUT"]);
    expect(methods("/files/a/b/c")).toEqual(["GET", "HEAD"]);
    expect(methods("/control/state")).toEqual([]);
    expect(methods("/control/state", true)).toEqual(["GET", "HEAD"]);
    for (const path of ["/things", "/things/", "/things/7/parts", "/thing/7", "//", ""]) {
      expect(methods(path), path).toEqual([]);
    }
  });
});
