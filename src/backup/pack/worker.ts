import { workerData } from "node:worker_threads";
import { send, serveJobs } from "../threads/thread-side.ts";
import { Packer } from "./packer.ts";
import type { BufferBack, Job, JobResult, PackNotice, PackSettings } from "./protocol.ts";

const packer = new Packer(workerData as PackSettings, (object) => {
  send({ type: "object", object } satisfies PackNotice, [object.buffer]);
});

serveJobs<Job, BufferBack, JobResult>(
  (job) => packer.run(job),
  ({ buffer }) => packer.giveBack(buffer),
);
