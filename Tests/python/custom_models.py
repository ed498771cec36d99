"""Programs for the tests of users' own models: classes that need nothing but numpy."""

# A logistic regression on a pixel and on means around it, in 2D and 2.5D.
LOGISTIC = '''
import json
import os
import numpy as np

title = "Logistic"
include = True
summary = "a logistic regression on means around pixels"
reach = 8
patience = 30


def features(images):
    """(n, y, x, channels) as (n, y, x, features)"""
    planes = []
    for channel in range(images.shape[-1]):
        plane = images[..., channel]
        for radius in (0, 1, 2, 4):
            padded = np.pad(plane, ((0, 0), (radius, radius), (radius, radius)), mode="edge")
            rows, columns = plane.shape[1:]
            mean = np.zeros_like(plane)
            for dy in range(2 * radius + 1):
                for dx in range(2 * radius + 1):
                    mean += padded[:, dy:dy + rows, dx:dx + columns]
            planes.append(mean / (2 * radius + 1) ** 2)
    planes.append(np.ones_like(planes[0]))
    return np.stack(planes, axis=-1)


class Logistic:
    def __init__(self, input_shape):
        self.weights = np.zeros(4 * input_shape[2] + 1)

    def count_params(self):
        return self.weights.size

    def fit(self, train_x, train_y, epochs, batch_size=32, shuffle=True, callbacks=[]):
        print("junk on standard output, as programs like to print", flush=True)
        for epoch in range(epochs):
            for step, start in enumerate(range(0, len(train_x), batch_size)):
                x = features(train_x[start:start + batch_size])
                y = train_y[start:start + batch_size, ..., 0]
                counts = (y != 2)
                p = 1 / (1 + np.exp(-np.clip(x @ self.weights, -30, 30)))
                gradient = ((p - y) * counts)[..., None] * x
                self.weights -= 2.0 * gradient.sum((0, 1, 2)) / max(counts.sum(), 1)
                for callback in callbacks:
                    callback.on_batch_end(step, {"loss": 0.0})

    def predict(self, images):
        return (1 / (1 + np.exp(-np.clip(features(images) @ self.weights, -30, 30))))[..., None]

    def save(self, path):
        with open(path, "wb") as file:
            np.save(file, self.weights)
        os.makedirs(os.path.join(os.path.dirname(path), "notes"))
        with open(os.path.join(os.path.dirname(path), "notes", "about.json"), "w") as file:
            json.dump({"features": self.weights.size}, file)

    def load(self, path):
        with open(os.path.join(os.path.dirname(path), "notes", "about.json")) as file:
            assert json.load(file)["features"] == self.weights.size
        with open(path, "rb") as file:
            self.weights = np.load(file)


def create(input_shape):
    return Logistic(input_shape)
'''


def variant(title: str, **methods: str) -> str:
    """The program under another title, with methods of its class replaced by the given bodies; `{arguments}` stay as they are."""
    arguments = {"predict": "images", "fit": "train_x, train_y, epochs, batch_size=32", "save": "path", "load": "path",
                 "count_params": ""}
    text = LOGISTIC.replace('title = "Logistic"', f'title = "{title}"')
    lines = ["", "", "class Variant(Logistic):"]
    for name, body in methods.items():
        lines.append(f"    def {name}(self{', ' if arguments[name] else ''}{arguments[name]}):")
        lines += [f"        {line}" for line in body.splitlines()]
    return text.replace("    return Logistic(input_shape)", "    return Variant(input_shape)").replace(
        "\n\ndef create", "\n".join(lines) + "\n\n\ndef create")
