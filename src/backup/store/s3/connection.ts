import type * as Sdk from "@aws-sdk/client-s3";
import { type S3Place, s3Failure } from "./failure.ts";
import type { S3Options } from "./options.ts";
import { Patience } from "./patience.ts";

/** What one attempt of a request is done with. */
export interface Attempt {
  client: Sdk.S3Client;
  /** From 1. */
  number: number;
  signal: AbortSignal;
}

/** More than a run has under way, so that its heartbeat need not wait behind what it stores. */
const mostRequests = 16;
/** Milliseconds. */
const connectLimit = 5_000;
const silenceLimit = 30_000;

/** A client, with what is done about its failures. */
export class S3Connection {
  readonly sdk: typeof Sdk;
  readonly place: S3Place;
  readonly #client: Sdk.S3Client;
  readonly #patience: Patience;
  readonly #waiting: (() => void)[] = [];
  #running = 0;

  private constructor(sdk: typeof Sdk, options: S3Options, place: S3Place) {
    this.sdk = sdk;
    this.place = place;
    this.#client = new sdk.S3Client(clientConfig(options));
    this.#patience = new Patience(options.patience, options.signal);
  }

  static async open(options: S3Options): Promise<S3Connection> {
    const { bucket, prefix, region, endpoint = null } = options;
    const location = `s3://${bucket}/${prefix}`.replace(/\/$/, "");
    const sdk = await import("@aws-sdk/client-s3");
    return new S3Connection(sdk, options, { location, bucket, endpoint, region });
  }

  /**
   * Does a request, again and again while it fails for reasons that may pass.
   * @param operation its name in the protocol
   * @throws StudioError (exit 8) for anything that the server or the network refuses
   */
  async request<T>(operation: string, attempt: (attempt: Attempt) => Promise<T>): Promise<T> {
    await this.#enter();
    try {
      return await this.#patience.run((number, signal) =>
        attempt({ client: this.#client, number, signal }),
      );
    } catch (error) {
      throw s3Failure(error, operation, this.place);
    } finally {
      this.#leave();
    }
  }

  close(): void {
    this.#client.destroy();
  }

  async #enter(): Promise<void> {
    if (this.#running < mostRequests) this.#running += 1;
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  #leave(): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#running -= 1;
    else next();
  }
}

function clientConfig({ endpoint, region, pathStyle, credentials }: S3Options): Sdk.S3ClientConfig {
  const { accessKeyId, secretAccessKey, sessionToken } = credentials;
  return {
    region,
    ...(endpoint === undefined ? {} : { endpoint }),
    forcePathStyle: pathStyle,
    credentials: {
      accessKeyId,
      secretAccessKey,
      ...(sessionToken === undefined ? {} : { sessionToken }),
    },
    // The SDK tries again only what fails before an answer begins.
    maxAttempts: 1,
    // Its own checksums come as trailers, which not every server knows. The SHA-256 that `put`
    // sends is a header, which those that do not know it pass over.
    requestChecksumCalculation: "WHEN_REQUIRED",
    responseChecksumValidation: "WHEN_REQUIRED",
    requestHandler: {
      connectionTimeout: connectLimit,
      socketTimeout: silenceLimit,
      httpAgent: { keepAlive: true, maxSockets: 2 * mostRequests },
      httpsAgent: { keepAlive: true, maxSockets: 2 * mostRequests },
    },
  };
}
