import { hash, randomUUID } from "node:crypto";
import type { StoredFile, Store } from "./store.ts";
import { S3Connection } from "./s3/connection.ts";
import { noConditions } from "./s3/failure.ts";
import { abortUploads } from "./s3/multipart-leftovers.ts";
import { putInParts } from "./s3/multipart.ts";
import { renewLock } from "./s3/renew-lock.ts";
import type { S3Options } from "./s3/options.ts";
import { brokenOff, describeError } from "./s3/transient.ts";
import { type Upload, bodyOf, lockOf, writerOf } from "./s3/upload.ts";

/** Bytes above which a file is sent in parts. */
const largestWhole = 16 * 1024 * 1024;

/**
 * A bucket of an S3-compatible server as a store. A file appears there once it is complete, and the
 * server checks its SHA-256 where it can.
 */
export async function openS3Store(options: S3Options): Promise<Store> {
  const connection = await S3Connection.open(options);
  const bucket = new Bucket(connection, options);
  return {
    location: connection.place.location,
    localDirectory: null,
    requestsAtOnce: 8,
    put: (key, content) => bucket.put(key, content),
    putNew: (key, content) => bucket.putNew(key, content),
    get: (key) => bucket.get(key),
    list: (folder) => bucket.list(folder),
    remove: (key) => bucket.remove(key),
    ...(options.objectLock === undefined ? {} : { renew: (key) => bucket.renew(key) }),
    // The server answers once a file is safe.
    sync: async () => undefined,
    removeAbandoned: (before) => abortUploads(connection, options.bucket, options.prefix, before),
    close: async () => connection.close(),
  };
}

/** The files of a repository in a bucket. */
class Bucket {
  readonly #connection: S3Connection;
  readonly #options: S3Options;
  /** Whether the server was seen to honour `If-None-Match`. */
  #conditions = false;

  constructor(connection: S3Connection, options: S3Options) {
    this.#connection = connection;
    this.#options = options;
  }

  async put(key: string, content: Uint8Array): Promise<void> {
    await this.#upload(key, content, false);
  }

  async putNew(key: string, content: Uint8Array): Promise<boolean> {
    const written = await this.#upload(key, content, true);
    if (!written || this.#conditions) return written;
    // A server that does not know the condition does not say so. It must refuse the same again.
    if (await this.#upload(key, content, true)) throw noConditions(this.#connection.place);
    this.#conditions = true;
    return true;
  }

  async get(key: string): Promise<Buffer | null> {
    const { sdk } = this.#connection;
    const command = { Bucket: this.#options.bucket, Key: this.#fullKey(key) };
    return this.#connection.request("GetObject", async ({ client, signal }) => {
      try {
        const answer = await client.send(new sdk.GetObjectCommand(command), {
          abortSignal: signal,
        });
        const bytes = await answer.Body?.transformToByteArray();
        if (bytes === undefined || (answer.ContentLength ?? bytes.length) !== bytes.length) {
          throw brokenOff();
        }
        return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
      } catch (error) {
        if (describeError(error).name === "NoSuchKey") return null;
        throw error;
      }
    });
  }

  async *list(folder: string): AsyncGenerator<StoredFile> {
    const { sdk } = this.#connection;
    const { bucket, prefix } = this.#options;
    let token: string | undefined;
    do {
      const input = { Bucket: bucket, Prefix: `${prefix}${folder}`, ContinuationToken: token };
      const page = await this.#connection.request("ListObjectsV2", ({ client, signal }) =>
        client.send(new sdk.ListObjectsV2Command(input), { abortSignal: signal }),
      );
      for (const { Key = "", Size: size = 0, LastModified: modified } of page.Contents ?? []) {
        // Some tools make an empty file that stands for a folder.
        if (Key.endsWith("/")) continue;
        yield { key: Key.slice(prefix.length), size, modified: modified ?? new Date(0) };
      }
      token = page.IsTruncated === true ? page.NextContinuationToken : undefined;
    } while (token !== undefined);
  }

  async remove(key: string): Promise<void> {
    const { sdk } = this.#connection;
    const command = { Bucket: this.#options.bucket, Key: this.#fullKey(key) };
    await this.#connection.request("DeleteObject", ({ client, signal }) =>
      client.send(new sdk.DeleteObjectCommand(command), { abortSignal: signal }),
    );
  }

  async renew(key: string): Promise<void> {
    const { ObjectLockMode: Mode, ObjectLockRetainUntilDate: until } = lockOf(key, this.#options);
    if (until === undefined) return;
    await renewLock(this.#connection, {
      Bucket: this.#options.bucket,
      Key: this.#fullKey(key),
      Retention: { Mode, RetainUntilDate: until },
    });
  }

  /** False where there is a file already and it must be new. */
  async #upload(key: string, content: Uint8Array, mustBeNew: boolean): Promise<boolean> {
    const upload: Upload = {
      bucket: this.#options.bucket,
      key: this.#fullKey(key),
      content,
      mustBeNew,
      writer: randomUUID(),
      lock: lockOf(key, this.#options),
    };
    if (content.length > largestWhole) return putInParts(this.#connection, upload);
    const { sdk } = this.#connection;
    const checksum = hash("sha256", content, "base64");
    return this.#connection.request("PutObject", async ({ client, number, signal }) => {
      const body = { ...bodyOf(upload), Body: content, ChecksumSHA256: checksum };
      try {
        await client.send(new sdk.PutObjectCommand(body), { abortSignal: signal });
        return true;
      } catch (error) {
        if (describeError(error).status !== 412) throw error;
        // An attempt before, whose answer was lost, may be what it found.
        return number > 1 && (await writerOf(upload, sdk, client, signal)) === upload.writer;
      }
    });
  }

  #fullKey(key: string): string {
    return `${this.#options.prefix}${key}`;
  }
}
