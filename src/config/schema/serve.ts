import { z } from "zod";
import { bytes, duration, flag, integer, oneOf, pixels, rates, secret, text } from "./fields.ts";

const route = z
  .string()
  .regex(/^(GET|HEAD|POST|PUT|PATCH|DELETE|OPTIONS) \/\S*$/, "must be METHOD /path");
const origin = z
  .string()
  .regex(/^(\*|https?:\/\/[^\s/]+)$/, "must be an origin, such as https://studio.example.com");

const network = z.union([z.ipv4(), z.ipv6(), z.cidrv4(), z.cidrv6()], {
  error: "must be an address, or a network such as 10.0.0.0/8",
});

const auth = z
  .strictObject({
    /** `auto`: off on loopback only. */
    required: z
      .union([z.literal("auto"), flag], { error: "must be auto, true or false" })
      .prefault("auto"),
    keys: z.array(secret).prefault([]),
    /** Reads /metrics and nothing else: for Prometheus. */
    metricsToken: secret.optional(),
    /** Wrong keys from one address that lock it out. */
    attempts: integer(1, 1000).prefault(3),
    lockout: duration.prefault("1h"),
  })
  .prefault({});

const limits = z
  .strictObject({
    body: bytes.prefault("10MB"),
    /** Characters of one text. */
    text: integer(1).prefault(100_000),
    /** Tokens of one text that a model reads; a model may take fewer. */
    tokens: integer(8).prefault(8192),
    /** Characters of a search query. */
    query: integer(1).prefault(1000),
    /** Items of one request. */
    batch: integer(1).prefault(256),
    /** Pixels of one image. */
    pixels: pixels.prefault("50MP"),
    /** Bytes of the head of one request. */
    headers: bytes.prefault("16KiB"),
    headerCount: integer(8, 10_000).prefault(100),
    /** Open connections to the public address. */
    connections: integer(1, 1_000_000).prefault(1024),
  })
  .prefault({});

const vectors = z
  .strictObject({
    /** Most memory for collections, their texts and indexes; what does not fit is read when searched. */
    memory: bytes.prefault("512MB"),
    /** Items from which a collection is searched by an approximate index. */
    approximateFrom: z
      .union([z.literal("never"), integer(1)], {
        error: "must be never or a whole number, 1 or more",
      })
      .prefault(20_000),
  })
  .prefault({});

/** The inference daemon. */
export const serve = z
  .strictObject({
    host: z
      .string()
      .regex(/^[^\s/]+$/, "must be a host name or an address")
      .prefault("127.0.0.1"),
    port: integer(0, 65_535).prefault(8000),
    /** Instances of each model that does not say how many; `auto`: the processor cores but one. */
    workers: z
      .union([z.literal("auto"), integer(1, 1024)], {
        error: "must be auto or a whole number, 1 or more",
      })
      .prefault("auto"),
    models: z.array(text).prefault(["models"]),
    /** Take new and changed models into service while running. */
    watch: flag.prefault(false),
    timeout: duration.prefault("30s"),
    shutdown: duration.prefault("60s"),
    /** Names that the API is reached by; loopback names and `domains` are known anyway. */
    hosts: z
      .array(z.string().regex(/^[^\s/:]+$/, "must be a host name, without a port"))
      .prefault([]),
    /** Proxies whose X-Forwarded-For is believed. */
    trustedProxies: z.array(network).prefault([]),
    /** Items of a client's batch that are worked on at once. */
    batchSize: integer(1, 256).prefault(10),
    auth,
    rateLimit: z
      .strictObject({
        /** `auto`: off on loopback only, where no key is asked for. */
        enforced: z
          .union([z.literal("auto"), flag], { error: "must be auto, true or false" })
          .prefault("auto"),
        /** Requests that may come at once; null: all of a window's. */
        burst: integer(1).nullable().prefault(null),
        default: rates.prefault("100/60s"),
        routes: z.record(route, rates).prefault({}),
      })
      .prefault({}),
    cors: z.strictObject({ origins: z.array(origin).prefault([]) }).prefault({}),
    limits,
    cache: z
      .strictObject({ bytes: bytes.prefault("64MB"), ttl: duration.prefault("5m") })
      .prefault({}),
    vectors,
  })
  .prefault({});

const levels: Record<string, string> = { warning: "warn", critical: "fatal" };

/** `WARNING`, as other tools of the stack write it, is `warn` here. */
const level = z
  .string()
  .transform((word) => levels[word.toLowerCase()] ?? word.toLowerCase())
  .pipe(oneOf("trace", "debug", "info", "warn", "error", "fatal"));

export const log = z
  .strictObject({
    level: level.prefault("info"),
    /** For so long a log that was put aside is kept, once nothing is written to it. */
    keep: duration.prefault("90d"),
  })
  .prefault({});
