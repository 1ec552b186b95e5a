import type {
  ListMultipartUploadsCommandInput,
  ListMultipartUploadsCommandOutput,
  MultipartUpload,
} from "@aws-sdk/client-s3";
import { StudioError } from "../../../errors.ts";
import type { S3Connection } from "./connection.ts";

/** Gives up uploads in parts that were begun before a time and never completed. */
export async function abortUploads(
  connection: S3Connection,
  bucket: string,
  prefix: string,
  before: Date,
): Promise<void> {
  const { sdk } = connection;
  try {
    for await (const { Key, UploadId, Initiated } of listUploads(connection, bucket, prefix)) {
      if (Initiated === undefined || Initiated >= before) continue;
      const command = new sdk.AbortMultipartUploadCommand({ Bucket: bucket, Key, UploadId });
      await connection.request("AbortMultipartUpload", ({ client, signal }) =>
        client.send(command, { abortSignal: signal }),
      );
    }
  } catch (error) {
    // They harm nobody: a server without uploads in parts, or an access key that may not list
    // them, need not stand in the way of a backup.
    const harmless = ["backup.accessDenied", "backup.unavailable"];
    if (!(error instanceof StudioError && harmless.includes(error.code))) throw error;
  }
}

async function* listUploads(
  connection: S3Connection,
  bucket: string,
  prefix: string,
): AsyncGenerator<MultipartUpload> {
  let input: ListMultipartUploadsCommandInput | null = { Bucket: bucket, Prefix: prefix };
  while (input !== null) {
    const page = await onePage(connection, input);
    yield* page.Uploads ?? [];
    const { NextKeyMarker: KeyMarker, NextUploadIdMarker: UploadIdMarker } = page;
    const more: boolean = page.IsTruncated === true;
    input = more ? { Bucket: bucket, Prefix: prefix, KeyMarker, UploadIdMarker } : null;
  }
}

function onePage(
  connection: S3Connection,
  input: ListMultipartUploadsCommandInput,
): Promise<ListMultipartUploadsCommandOutput> {
  const command = new connection.sdk.ListMultipartUploadsCommand(input);
  return connection.request("ListMultipartUploads", ({ client, signal }) =>
    client.send(command, { abortSignal: signal }),
  );
}
