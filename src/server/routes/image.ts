import type { FastifyInstance, FastifyRequest } from "fastify";
import { readUpload } from "../image-upload.ts";
import {
  imageTasks,
  makeThumbnail,
  readImageRequest,
  thumbnailFormats,
  workOnImage,
} from "../image-work.ts";
import { jobOptions } from "../job-options.ts";
import type { Services } from "../services.ts";
import { errorAnswers, exactly, text } from "./schemas.ts";

const answerSchema = {
  type: "object",
  required: ["task", "result"],
  properties: {
    task: text,
    model: exactly({ name: text, version: text }),
    result: { type: "object", additionalProperties: true },
  },
};

/** What is asked, in a form beside the image or in the query; `readImageRequest` checks both. */
const words = {
  task: { ...text, description: `One of: ${imageTasks.join(", ")}.` },
  size: { ...text, description: "Thumbnails: longest side, or a box such as 128x96." },
  format: { ...text, description: `Thumbnails: one of ${thumbnailFormats.join(", ")}.` },
  model: { ...text, description: "Classify, detect: the model, when there are several." },
  top_k: { ...text, description: "Classify: most labels." },
  threshold: { ...text, description: "Detect: the lowest score, 0 to 1." },
};

const formSchema = {
  type: "object",
  // The form is read by the route, after this schema was asked.
  nullable: true,
  properties: { file: { ...text, format: "binary" }, ...words },
};

const imageSchema = { description: "The image itself, and in the query what is asked." };

const requestSchema = {
  querystring: { type: "object", properties: words },
  body: {
    content: {
      "multipart/form-data": { schema: formSchema },
      "image/*": { schema: imageSchema },
      "application/octet-stream": { schema: imageSchema },
    },
  },
};

/** Work on one image, sent in a form (part `file`) or as the body itself. */
export function imageRoutes(application: FastifyInstance, services: Services): void {
  const { limits, timeout } = services.spec.serve;
  // In a scope of its own: no other route takes forms or images.
  void application.register(async (scope) => {
    const { default: multipart } = await import("@fastify/multipart");
    await scope.register(multipart, { preservePath: true });
    // The body stays a stream, which the route reads: it may refuse it early.
    scope.addContentTypeParser(/^(image\/|application\/octet-stream)/, (_request, payload, done) =>
      done(null, payload),
    );
    scope.post(
      "/api/v1/image/process",
      {
        schema: {
          summary: "Tell, measure, scale or look into an image",
          tags: ["images"],
          ...requestSchema,
          consumes: ["multipart/form-data", "image/*", "application/octet-stream"],
          response: { 200: answerSchema, ...errorAnswers },
        },
        onRequest: async (request) => {
          services.images.refuseWhenFull(Number(request.headers["content-length"] ?? 0));
        },
      },
      async (request, reply) => {
        const deadline = performance.now() + timeout;
        const job = jobOptions(request, reply, timeout);
        const { file, words: said } = await readUpload(request, reply, limits.body);
        const wanted = readImageRequest(said);
        const options = { ...job, timeout: Math.max(1, deadline - performance.now()) };
        const format = wanted.task === "thumbnail" ? imageWanted(request) : null;
        if (format === null) {
          const answer = await workOnImage(services.images, file, wanted, options);
          return { task: wanted.task, ...answer };
        }
        const { type, data } = await makeThumbnail(
          services.images,
          file,
          wanted,
          options,
          format === "any" ? undefined : format,
        );
        return await reply.type(type).send(data);
      },
    );
  });
}

/**
 * The image format that the header `Accept` names before JSON, "any" for `image/*`; null when the
 * caller would rather have JSON.
 */
function imageWanted({
  headers: { accept = "" },
}: FastifyRequest): (typeof thumbnailFormats)[number] | "any" | null {
  for (const range of accept.split(",")) {
    const type = range.split(";")[0]?.trim().toLowerCase() ?? "";
    if (type === "image/*") return "any";
    const format = thumbnailFormats.find((one) => type === `image/${one}`);
    if (format !== undefined) return format;
    if (["*/*", "application/*", "application/json"].includes(type)) return null;
  }
  return null;
}
