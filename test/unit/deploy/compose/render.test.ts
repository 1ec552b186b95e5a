import { describe, expect, test } from "vitest";
import type { StackImage, StackService } from "../../../../src/deploy/release.ts";
import type { Container } from "../../../../src/deploy/targets/compose/containers.ts";
import { colourOf, freeColour, placeOf } from "../../../../src/deploy/targets/compose/colours.ts";
import {
  abilitiesOf,
  oldest,
  upstreamText,
} from "../../../../src/deploy/targets/compose/proxies/nginx-files.ts";
import { releaseIn } from "../../../../src/deploy/targets/compose/proxies/proxy-files.ts";
import { definitionHash, renderStack } from "../../../../src/deploy/targets/compose/render.ts";
import type { StackConfig } from "../../../../src/deploy/targets/compose/stack-config.ts";

const config: StackConfig = {
  name: "shop",
  services: {
    api: {
      image: "shop/api:1",
      build: { context: "." },
      pull_policy: "build",
      profiles: ["production"],
      restart: "always",
      environment: { PRICE: "1$$" },
      networks: { back: { aliases: ["backend"] }, front: null },
      depends_on: { db: { condition: "service_healthy" } },
    },
    db: { image: "postgres:17", depends_on: { api: { condition: "service_started" } } },
  },
  networks: { back: { name: "shop_back" } },
};

const service = (name: string, role: StackService["role"]): StackService => ({
  name,
  role,
  port: 8000,
  drain: 0,
  replicas: 1,
});

const image = (name: string): StackImage => ({
  reference: null,
  pinned: `studio/shop/${name}:abc`,
  id: "sha256:abc",
  digest: null,
});

const rendered = renderStack(
  {
    config,
    services: [service("api", "switched"), service("db", "stateful")],
    images: { api: image("api"), db: image("db") },
    release: "r1",
    environment: "production",
    probeToken: "of-a-probe",
    directory: "/shop",
  },
  "green",
);

describe("the Compose file of a release", () => {
  test("has a switched service under its colour, pinned, with names and labels of its own", () => {
    expect(Object.keys(rendered.services)).toEqual(["api-green", "db"]);
    expect(rendered.services["api-green"]).toEqual({
      image: "studio/shop/api:abc",
      restart: "always",
      environment: {
        PRICE: "1$$",
        STUDIO_RELEASE: "r1",
        STUDIO_COLOUR: "green",
        STUDIO_PROBE_TOKEN: "of-a-probe",
      },
      networks: {
        back: { aliases: ["backend", "api", "shop-api-green"] },
        front: { aliases: ["api", "shop-api-green"] },
      },
      depends_on: { db: { condition: "service_healthy" } },
      labels: {
        "studio.service": "api",
        "studio.release": "r1",
        "studio.colour": "green",
        "studio.environment": "production",
        "studio.directory": "/shop",
      },
    });
  });

  test("leaves other services as they are, and their order free of what is switched", () => {
    expect(rendered.services["db"]).toEqual({
      image: "studio/shop/db:abc",
      labels: {
        "studio.environment": "production",
        "studio.directory": "/shop",
        "studio.definition": expect.stringMatching(/^[0-9a-f]{64}$/),
      },
    });
    expect(rendered["networks"]).toEqual(config["networks"]);
  });

  test("says the same of a service whose profile or order alone changed", () => {
    const switched = new Set(["api"]);
    const db = { image: "postgres:17" };
    const hash = definitionHash(db, switched);
    const moved = { ...db, profiles: ["x"], depends_on: { api: {} } };
    expect(definitionHash(moved, switched)).toBe(hash);
    expect(definitionHash({ image: "postgres:18" }, switched)).not.toBe(hash);
  });
});

describe("the colour of a release", () => {
  const container = (release: string, colour: string, running: boolean) =>
    ({
      running,
      labels: { "studio.release": release, "studio.colour": colour },
    }) as unknown as Container;

  test("is read from its containers", () => {
    expect(colourOf([container("r1", "green", false)], "r1")).toBe("green");
    expect(colourOf([container("r1", "green", false)], "r2")).toBeNull();
  });

  test("is for a new one that which does not serve", () => {
    const both = [container("r1", "blue", true), container("r2", "green", true)];
    expect(freeColour(both, "r1")).toBe("green");
    expect(freeColour(both, "r2")).toBe("blue");
    expect(freeColour([], null)).toBe("blue");
    expect(freeColour([container("r1", "blue", true)], null)).toBe("green");
  });
});

describe("the place where a release starts", () => {
  const container = (service: string, release: string, running: boolean) =>
    ({
      service,
      running,
      labels: { "studio.release": release, "studio.colour": service.split("-")[1] },
    }) as unknown as Container;
  const never = () => false;

  test("is its own colour within the undo window, with nothing in the way", () => {
    const all = [container("api-blue", "r1", false), container("api-green", "r2", true)];
    expect(placeOf(all, "r1", "r2", never)).toEqual({ colour: "blue", inTheWay: [] });
  });

  test("is the other colour than that which serves, whatever of it was left there", () => {
    const left = container("worker-blue", "r1", false);
    const all = [left, container("api-blue", "r3", true)];
    expect(placeOf(all, "r1", "r3", never)).toEqual({ colour: "green", inTheWay: [left] });
  });

  test("is rid of all that the colour had, of services that it has no more too", () => {
    const former = [container("api-blue", "r1", false), container("worker-blue", "r1", false)];
    const all = [...former, container("api-green", "r2", true)];
    expect(placeOf(all, "r3", "r2", never)).toEqual({ colour: "blue", inTheWay: former });
  });

  test("leaves services without a colour alone, unless no undo needs them any more", () => {
    const proxy = { service: "proxy", running: true, labels: {} } as unknown as Container;
    const old = container("api-blue", "r1", false);
    const all = [proxy, old, container("api-green", "r2", true)];
    expect(placeOf(all, "r2", "r2", (one) => one === old).inTheWay).toEqual([old]);
  });
});

describe("the file of upstreams", () => {
  const upstreams = [{ service: "my-api", address: "shop-my-api-blue:8000", runs: true }];
  const able = { resolves: true, keeps: true };

  test("names its release, and each service by a name that nginx allows", () => {
    const text = upstreamText("20261121T201849Z-ociv", upstreams, oldest);
    expect(releaseIn(text)).toBe("20261121T201849Z-ociv");
    expect(text).toContain("upstream studio_my_api {\n  server shop-my-api-blue:8000;\n");
  });

  test("lets an nginx that can look names up again do so", () => {
    const text = upstreamText("20261121T201849Z-ociv", upstreams, able);
    expect(text).toContain("  server shop-my-api-blue:8000 resolve backup;\n");
    const versions = ["1.22.1", "1.27.2", "1.27.3", "1.27.4", "1.30.5"];
    const all = versions.map((one) => abilitiesOf(`nginx version: nginx/${one}`, ""));
    expect(all.map((one) => one?.resolves)).toEqual([false, false, true, true, true]);
    expect(all.map((one) => one?.keeps)).toEqual([false, false, false, true, true]);
    expect(abilitiesOf("Error: No such container: proxy", "")).toBeNull();
  });

  test("has connections that clients keep live on for less than the release may drain", () => {
    const line = (drain: number) =>
      /^keepalive_min_timeout .*$/m.exec(upstreamText("r1", upstreams, able, drain))?.[0];
    expect(line(30_000)).toBe("keepalive_min_timeout 5000ms; # studio");
    expect(line(3000)).toBe("keepalive_min_timeout 1500ms; # studio");
    expect(line(0)).toBeUndefined();
  });

  test("does not set again what the operator has set, which nginx refuses", () => {
    const files = (text: string) => abilitiesOf("nginx/1.30.5", text)?.keeps;
    expect(files(upstreamText("r1", upstreams, able, 3000))).toBe(true);
    expect(files("http {\n  keepalive_min_timeout 9s;\n}\n")).toBe(false);
  });

  test("names no service that does not run, for which all of it would be refused", () => {
    const dead = upstreams.map((one) => ({ ...one, runs: false }));
    expect(upstreamText("r1", dead, oldest)).toContain(
      "{\n  server 127.0.0.1:9 down;\n  keepalive",
    );
    const text = upstreamText("r1", dead, able);
    expect(text).toContain(
      "server 127.0.0.1:9 down;\n  server shop-my-api-blue:8000 resolve backup;",
    );
  });

  test("sends nobody anywhere where no release serves", () => {
    const text = upstreamText(null, upstreams, able);
    expect(releaseIn(text)).toBeNull();
    expect(text).toContain("down;");
    expect(text).not.toContain("blue");
  });
});
