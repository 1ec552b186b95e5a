import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { settingsSchema } from "../../src/config/schema.ts";
import type { Message } from "../../src/notify/event.ts";
import type { NotifyPlace } from "../../src/notify/place.ts";
import { statePaths } from "../../src/state.ts";

export const messageWith = (fields: Partial<Message>): Message => ({
  id: "job:20261122T020000Z-aaaa",
  kind: "job",
  level: "error",
  state: "bad",
  subject: "job:database",
  title: 'The job "database" failed',
  text: "It was due at 2026-11-22T02:00:00.000Z; exit code 7.",
  hint: "studio schedule logs database",
  at: "2026-11-22T02:00:05.000Z",
  project: "shop",
  environment: "production",
  host: "host-1",
  recovered: null,
  ...fields,
});

/** Channels in a folder of their own, which goes when the test has finished. Nobody waits. */
export function notifyPlaceWith(
  notify: Record<string, unknown>,
  now = () => new Date(),
): NotifyPlace {
  const directory = mkdtempSync(join(tmpdir(), "n-"));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  return {
    project: "shop",
    environment: "local",
    host: "host-1",
    paths: statePaths(directory, "local"),
    settings: settingsSchema.parse({ notify }).notify,
    readSecret: async (secret) => ("template" in secret ? secret.template : ""),
    now,
    sleep: async () => {},
  };
}
