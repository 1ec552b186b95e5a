import { hash } from "node:crypto";
import type { CompletedPart } from "@aws-sdk/client-s3";
import type { S3Connection } from "./connection.ts";
import { describeError } from "./transient.ts";
import { type Upload, startOf, writerOf } from "./upload.ts";

/** Bytes. */
const partBytes = 8 * 1024 * 1024;
const partsAtOnce = 4;

/**
 * Sends a large file in parts; there is none until all of them are there.
 * @returns false where there is a file already and it must be new
 */
export async function putInParts(connection: S3Connection, upload: Upload): Promise<boolean> {
  const { sdk } = connection;
  const { UploadId: id = "" } = await connection.request(
    "CreateMultipartUpload",
    ({ client, signal }) =>
      client.send(new sdk.CreateMultipartUploadCommand(startOf(upload)), { abortSignal: signal }),
  );
  try {
    const written = await complete(connection, upload, id, await sendParts(connection, upload, id));
    if (!written) await abort(connection, upload, id);
    return written;
  } catch (error) {
    await abort(connection, upload, id);
    throw error;
  }
}

async function sendParts(
  connection: S3Connection,
  upload: Upload,
  id: string,
): Promise<CompletedPart[]> {
  const count = Math.ceil(upload.content.length / partBytes);
  const parts: CompletedPart[] = [];
  let next = 1;
  const sendNext = async (): Promise<void> => {
    while (next <= count) {
      const number = next;
      next += 1;
      parts[number - 1] = await sendPart(connection, upload, id, number);
    }
  };
  await Promise.all(Array.from({ length: partsAtOnce }, sendNext));
  return parts;
}

async function sendPart(
  connection: S3Connection,
  { bucket, key, content }: Upload,
  id: string,
  number: number,
): Promise<CompletedPart> {
  const bytes = content.subarray((number - 1) * partBytes, number * partBytes);
  const ChecksumSHA256 = hash("sha256", bytes, "base64");
  const command = {
    Bucket: bucket,
    Key: key,
    UploadId: id,
    PartNumber: number,
    Body: bytes,
    ChecksumAlgorithm: "SHA256" as const,
    ChecksumSHA256,
  };
  const { ETag } = await connection.request("UploadPart", ({ client, signal }) =>
    client.send(new connection.sdk.UploadPartCommand(command), { abortSignal: signal }),
  );
  return { PartNumber: number, ETag, ChecksumSHA256 };
}

async function complete(
  connection: S3Connection,
  upload: Upload,
  id: string,
  parts: CompletedPart[],
): Promise<boolean> {
  const { sdk } = connection;
  const { bucket: Bucket, key: Key, mustBeNew, writer } = upload;
  const condition = mustBeNew ? { IfNoneMatch: "*" } : {};
  const command = { Bucket, Key, UploadId: id, MultipartUpload: { Parts: parts }, ...condition };
  return connection.request("CompleteMultipartUpload", async ({ client, number, signal }) => {
    try {
      await client.send(new sdk.CompleteMultipartUploadCommand(command), { abortSignal: signal });
      return true;
    } catch (error) {
      const { name, status } = describeError(error);
      const refused = status === 412;
      if (!refused && (name !== "NoSuchUpload" || number === 1)) throw error;
      // An attempt before, whose answer was lost, may have completed it.
      if ((await writerOf(upload, sdk, client, signal)) === writer) return true;
      if (refused) return false;
      throw error;
    }
  });
}

/** Parts that stay behind are removed a day later, by `removeAbandoned`. */
async function abort(connection: S3Connection, upload: Upload, id: string): Promise<void> {
  const command = { Bucket: upload.bucket, Key: upload.key, UploadId: id };
  await connection
    .request("AbortMultipartUpload", ({ client, signal }) =>
      client.send(new connection.sdk.AbortMultipartUploadCommand(command), {
        abortSignal: signal,
      }),
    )
    .catch(() => undefined);
}
