# What most such services run on: FastAPI with uvicorn and ONNX Runtime, one model, one worker.
# The body of POST /infer is the little-endian content of the input; so is the answer.
import os

import numpy as np
import onnxruntime
from fastapi import FastAPI, Request, Response

options = onnxruntime.SessionOptions()
options.intra_op_num_threads = 1
options.inter_op_num_threads = 1
session = onnxruntime.InferenceSession("/model.onnx", options, providers=["CPUExecutionProvider"])
names = [one.name for one in session.get_inputs()]
kind = {"tensor(float)": np.float32, "tensor(int64)": np.int64}[session.get_inputs()[0].type]
width = int(os.environ["WIDTH"])
application = FastAPI()


@application.get("/health")
def health():
    return {"status": "healthy"}


@application.post("/infer")
async def infer(request: Request):
    body = await request.body()
    rows = np.frombuffer(body, dtype=kind).reshape(len(names), -1, width)
    # As the documentation has it for work that blocks: in the pool of threads.
    from starlette.concurrency import run_in_threadpool

    outputs = await run_in_threadpool(session.run, None, dict(zip(names, rows)))
    return Response(outputs[0].tobytes(), media_type="application/octet-stream")
