import { describe, expect, test } from "vitest";
import {
  maintenanceText,
  movedTo,
  nobodyText,
  upstreamText,
} from "../../../../src/deploy/targets/compose/proxies/caddy-files.ts";
import {
  backendText,
  turnsAway,
} from "../../../../src/deploy/targets/compose/proxies/haproxy-files.ts";
import { mountAdvice } from "../../../../src/deploy/targets/compose/proxies/mount-advice.ts";
import { releaseIn } from "../../../../src/deploy/targets/compose/proxies/proxy-files.ts";

const addresses = { blue: "shop-api-blue:8000", green: "shop-api-green:8000" };
const upstreams = [{ service: "shop-api", address: addresses.green, addresses, runs: true }];

describe("what is written for a proxy names its release and where requests go", () => {
  test("for Caddy", () => {
    const text = upstreamText("r1", upstreams, "/studio");
    expect(releaseIn(text)).toBe("r1");
    expect(text).toContain("(studio_shop_api) {\n");
    expect(text).toContain("vars studio_shop_api shop-api-blue\n");
    expect(text).toContain("vars @studio_shop_api_green studio_shop_api shop-api-green\n");
    expect(text).toContain("reverse_proxy {http.vars.studio_shop_api}:8000 {");
    expect(movedTo("/elsewhere", text)).toBe(upstreamText("r1", upstreams, "/elsewhere"));
    expect(nobodyText(["shop-api"])).not.toContain("reverse_proxy");
  });

  test("for HAProxy", () => {
    const text = backendText("r1", upstreams, null, "/studio");
    expect(releaseIn(text)).toBe("r1");
    expect(text).toContain("backend studio_shop_api\n  server shop-api shop-api-green:8000");
    expect(turnsAway(text)).toBe(false);
    expect(backendText(null, upstreams, null, "/studio")).not.toContain("server shop-api");
  });
});

describe("what an operator wrote for the public is no part of a proxy's configuration", () => {
  const notice = { message: "} respond 200 {$SECRET}" };

  test("for Caddy", () => {
    const text = maintenanceText("/studio");
    expect(text).not.toContain("SECRET");
    expect(text).toContain("root * /studio");
  });

  test("for HAProxy", () => {
    const text = backendText("r1", upstreams, notice, "/studio");
    expect(text).not.toContain("SECRET");
    expect(text).toContain("file /studio/maintenance.html");
    expect(turnsAway(text)).toBe(true);
  });
});

test.each(["nginx", "caddy", "haproxy"] as const)(
  "an operator is told how %s reads what is written",
  (kind) => {
    const advice = mountAdvice({ kind, service: "front" });
    expect(advice).toContain("services.front");
    expect(advice).toContain("STUDIO_PROXY_DIRECTORY");
  },
);
