import { workerData } from "node:worker_threads";
import { sealerFor } from "../age/sealer.ts";
import { compressInto } from "../format/zstd.ts";
import { send, serveJobs } from "../threads/thread-side.ts";
import { Packer } from "./packer.ts";
import type { BufferBack, Job, JobResult, PackNotice, PackSettings } from "./protocol.ts";

const settings = workerData as PackSettings;
const packer = new Packer(settings, {
  sealer: await sealerFor(settings.recipients),
  compress: compressInto,
  finished(object) {
    send({ type: "object", object } satisfies PackNotice, [object.buffer]);
  },
});

serveJobs<Job, BufferBack, JobResult>(
  (job) => packer.run(job),
  ({ buffer }) => packer.giveBack(buffer),
);
