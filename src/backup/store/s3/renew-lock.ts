import type { PutObjectRetentionCommandInput } from "@aws-sdk/client-s3";
import type { S3Connection } from "./connection.ts";
import { describeError } from "./transient.ts";

/** Puts off the end of an object lock; one that ends later anyway stays as it is. */
export async function renewLock(
  connection: S3Connection,
  input: PutObjectRetentionCommandInput,
): Promise<void> {
  const { sdk } = connection;
  const { Bucket, Key } = input;
  await connection.request("PutObjectRetention", async ({ client, signal }) => {
    try {
      const command = new sdk.PutObjectRetentionCommand(input);
      await client.send(command, { abortSignal: signal });
    } catch (error) {
      // A server refuses to bring the end forward in the words of a missing permission.
      if (describeError(error).status !== 403) throw error;
      const command = new sdk.HeadObjectCommand({ Bucket, Key });
      const found = await client.send(command, { abortSignal: signal });
      const until = found.ObjectLockRetainUntilDate?.getTime() ?? 0;
      if (until < (input.Retention?.RetainUntilDate?.getTime() ?? 0)) throw error;
    }
  });
}
