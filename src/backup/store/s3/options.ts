/** Who asks; secret. */
export interface S3Credentials {
  accessKeyId: string;
  secretAccessKey: string;
  sessionToken?: string | undefined;
}

export interface S3Options {
  bucket: string;
  /** In front of every key: empty, or with a slash at its end. */
  prefix: string;
  /** Of a server other than Amazon's. */
  endpoint?: string | undefined;
  region: string;
  /** The bucket stands in the path, and not in the name of the host. */
  pathStyle: boolean;
  credentials: S3Credentials;
  /** Keeps what snapshots consist of from being removed, for so many days. */
  objectLock?: { mode: "governance" | "compliance"; days: number } | undefined;
  now: () => Date;
  /** Milliseconds for which requests that fail are tried again; a minute by default. */
  patience?: number | undefined;
  /** Once it is aborted, requests go on, for locks are to be given free; but not for long. */
  signal?: AbortSignal | undefined;
}
