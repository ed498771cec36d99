/// What a user's Python is given: the other end of the line of ``CustomModelWorker``. The protocol is described in
/// docs/reference/custom-models.md.
enum CustomModelScript {
  static let text = """
    import inspect, json, os, pathlib, select, signal, socket, struct, sys, tempfile, threading, traceback, types

    METHODS = ("count_params", "fit", "predict", "save", "load")
    MAIN = "model_weights.h5"
    line = socket.socket(fileno=3)
    signal.signal(signal.SIGINT, signal.SIG_IGN)


    def leave_with_the_other_end():
        poll = select.poll()
        poll.register(3, select.POLLRDHUP)
        poll.poll()
        os._exit(0)


    threading.Thread(target=leave_with_the_other_end, daemon=True).start()
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")


    class Refusal(Exception):
        pass


    def exactly(count):
        data = bytearray(count)
        view, got = memoryview(data), 0
        while got < count:
            read = line.recv_into(view[got:])
            if not read:
                os._exit(0)
            got += read
        return data


    def receive():
        header, payload = struct.unpack("<IQ", exactly(12))
        return json.loads(exactly(header)), exactly(payload)


    def send(message, payload=b""):
        header = json.dumps(message).encode()
        line.sendall(struct.pack("<IQ", len(header), len(payload)) + header)
        line.sendall(payload)


    class Worker:
        def start(self, request, payload):
            module = types.ModuleType("ais_model")
            module.__file__ = request["name"]
            sys.modules["ais_model"] = module
            try:
                import numpy
                numpy.random.seed(request["seed"] % 2**32)
            except ImportError:
                raise Refusal("this Python has no numpy, which arrays are handed over with")
            import random
            random.seed(request["seed"])
            exec(compile(payload.decode(), request["name"], "exec"), module.__dict__)
            create = getattr(module, "create", None)
            if create is None:
                classes = [c for c in vars(module).values() if inspect.isclass(c) and c.__module__ == "ais_model"
                           and all(callable(getattr(c, name, None)) for name in METHODS)]
                if len(classes) != 1:
                    raise Refusal("it has neither a function create(input_shape) nor exactly one class with " + ", ".join(METHODS))
                create = classes[0]
            self.model, self.slabs = create(tuple(request["shape"])), request["slabs"]
            missing = [name for name in METHODS if not callable(getattr(self.model, name, None))]
            if missing:
                raise Refusal("its " + type(self.model).__name__ + " has no " + ", no ".join(missing))
            return {"parameters": int(self.model.count_params())}, b""

        def load(self, request, payload):
            with tempfile.TemporaryDirectory(prefix="ais-model-") as folder:
                place = 0
                for file in request["files"]:
                    path = pathlib.Path(folder, file["name"])
                    path.parent.mkdir(parents=True, exist_ok=True)
                    path.write_bytes(payload[place:place + file["bytes"]])
                    place += file["bytes"]
                loaded = self.model.load(os.path.join(folder, MAIN))
                if callable(getattr(loaded, "predict", None)):
                    self.model = loaded
            return {}, b""

        def save(self, request, payload):
            with tempfile.TemporaryDirectory(prefix="ais-model-") as folder:
                self.model.save(os.path.join(folder, MAIN))
                paths = sorted(path for path in pathlib.Path(folder).rglob("*") if path.is_file() and not path.is_symlink())
                if not paths:
                    raise Refusal("save(path) wrote nothing at the path that it was given")
                contents = [path.read_bytes() for path in paths]
                files = [{"name": path.relative_to(folder).as_posix(), "bytes": len(data)} for path, data in zip(paths, contents)]
            return {"files": files}, b"".join(contents)

        def arrays(self, payload, *shapes):
            import numpy
            place = 0
            for count, depth, rows, columns in shapes:
                size = 4 * count * depth * rows * columns
                values = numpy.frombuffer(payload[place:place + size], "<f4").reshape(count, depth, rows, columns)
                values = numpy.ascontiguousarray(values.transpose(0, 2, 3, 1))
                yield values[..., None] if self.slabs else values
                place += size

        def predict(self, request, payload):
            import numpy
            (images,) = self.arrays(payload, request["images"])
            answer = numpy.asarray(self.model.predict(images))
            count, depth, rows, columns = request["images"]
            wanted = (count, rows, columns, depth if self.slabs else 1)
            if self.slabs and answer.shape == (*wanted, 1):
                answer = answer[..., 0]
            if not self.slabs and answer.shape == wanted[:3]:
                answer = answer[..., None]
            if answer.shape != wanted:
                raise Refusal("predict answered images of " + str(images.shape) + " with an array of " + str(answer.shape)
                              + "; expected " + str(wanted))
            if answer.dtype.kind not in "fiub":
                raise Refusal("predict answered with values of type " + str(answer.dtype) + "; expected numbers")
            answer = numpy.ascontiguousarray(answer.transpose(0, 3, 1, 2), dtype="<f4")
            return {"shape": answer.shape}, answer.tobytes()

        def fit(self, request, payload):
            images, labels = self.arrays(payload, request["images"], request["labels"])
            offered = {"epochs": 1, "batch_size": request["batch"], "shuffle": True, "verbose": 0, "callbacks": [Progress()]}
            taken = inspect.signature(self.model.fit).parameters
            if not any(p.kind is inspect.Parameter.VAR_KEYWORD for p in taken.values()):
                offered = {name: value for name, value in offered.items() if name in taken}
            self.model.fit(images, labels, **offered)
            return {}, b""


    class Progress:
        '''What Keras calls a callback: passes on how many batches are done.'''
        def __init__(self):
            self.params, self.model, self.validation_data = {}, None, None

        def set_params(self, params):
            self.params = params

        def set_model(self, model):
            self.model = model

        def on_batch_end(self, batch, logs=None):
            send({"note": "batch", "done": int(batch) + 1})

        def on_train_batch_end(self, batch, logs=None):
            self.on_batch_end(batch)

        def __getattr__(self, name):
            if name.startswith("on_") or name.startswith("_implements_"):
                return lambda *arguments, **named: None
            raise AttributeError(name)


    worker = Worker()
    while True:
        request, payload = receive()
        try:
            message, answer = getattr(worker, request["do"])(request, payload)
            send(message, answer)
        except Refusal as refusal:
            send({"failed": str(refusal)})
        except BaseException as error:
            frames = [f for f in traceback.extract_tb(error.__traceback__) if f.filename != "<string>"]
            place = (" (" + os.path.basename(frames[-1].filename) + ", line " + str(frames[-1].lineno) + ")") if frames else ""
            send({"failed": type(error).__name__ + ": " + str(error)[:2000] + place})
    """
}
