import type * as Sdk from "@aws-sdk/client-s3";
import { snapshotsFolder } from "../../format/layout.ts";
import { objectsFolder } from "../../format/object.ts";
import type { S3Options } from "./options.ts";

/** A file on its way to a bucket. */
export interface Upload {
  bucket: string;
  /** The whole key, with the prefix of the repository. */
  key: string;
  content: Uint8Array;
  mustBeNew: boolean;
  /** Tells this write from every other one: it is noted with the file. */
  writer: string;
  lock: Pick<Sdk.PutObjectCommandInput, "ObjectLockMode" | "ObjectLockRetainUntilDate">;
}

type Common = Pick<Sdk.PutObjectCommandInput, "Bucket" | "Key" | "ChecksumAlgorithm" | "Metadata"> &
  Upload["lock"];

/** What starts an upload, be it in one piece or in parts. */
export function startOf({ bucket, key, writer, lock }: Upload): Common {
  const note = { Metadata: { writer } };
  return { Bucket: bucket, Key: key, ChecksumAlgorithm: "SHA256", ...note, ...lock };
}

/** What an upload in one piece consists of, but for the bytes. */
export function bodyOf(upload: Upload): Common & Pick<Sdk.PutObjectCommandInput, "IfNoneMatch"> {
  return { ...startOf(upload), ...(upload.mustBeNew ? { IfNoneMatch: "*" } : {}) };
}

/** Who wrote the file that is there now; null where none is. */
export async function writerOf(
  { bucket: Bucket, key: Key }: Upload,
  sdk: typeof Sdk,
  client: Sdk.S3Client,
  abortSignal: AbortSignal,
): Promise<string | null> {
  const command = new sdk.HeadObjectCommand({ Bucket, Key });
  const found: Sdk.HeadObjectCommandOutput | null = await client
    .send(command, { abortSignal })
    .catch((error: unknown) => {
      if (error instanceof sdk.NotFound) return null;
      throw error;
    });
  return found?.Metadata?.["writer"] ?? null;
}

const day = 24 * 3_600_000;

/**
 * What snapshots consist of is locked; what has to change or go while they stay, such as the note of
 * a verification or the lock of a run, is not.
 */
export function lockOf(key: string, { objectLock, now }: S3Options): Upload["lock"] {
  const ofSnapshot = key.startsWith(snapshotsFolder) && !key.endsWith(".json");
  const kept = ofSnapshot || key.startsWith(objectsFolder);
  if (objectLock === undefined || !kept) return {};
  return {
    ObjectLockMode: objectLock.mode === "governance" ? "GOVERNANCE" : "COMPLIANCE",
    ObjectLockRetainUntilDate: new Date(now().getTime() + objectLock.days * day),
  };
}
