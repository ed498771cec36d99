"""Every network layout that Ais models are made of, in a few lines each.

A layout is a function that gets a `Builder` and its input tensor and returns its output tensor. `LAYOUTS` holds with each
what must be true of it once built: its number of parameters, and the sizes it can take. Axes are those of Keras:
y, x, (z,) channel.
"""

from dataclasses import dataclass
from typing import Callable


class Builder:
    """Makes Keras layers for 2D (`rank` 2) or 3D (`rank` 3) networks. A size is one number for all axes, or a tuple."""

    def __init__(self, keras, rank: int, momentum: float = 0.99):
        self.keras, self.layers, self.rank, self.momentum = keras, keras.layers, rank, momentum

    def _sizes(self, size):
        return (size,) * self.rank if isinstance(size, int) else size

    def conv(self, x, filters, kernel=3, stride=1, activation="relu", padding="same", norm=False):
        """Convolution, then activation, then (with `norm`) batch normalisation: in this order."""
        layer = self.layers.Conv2D if self.rank == 2 else self.layers.Conv3D
        # Leaky ReLU is a layer of its own; every other activation belongs to the convolution.
        own = None if activation == "leaky" else activation
        x = layer(filters, self._sizes(kernel), self._sizes(stride), padding, activation=own)(x)
        if activation == "leaky":
            x = self.layers.LeakyReLU(0.2)(x)
        return self.layers.BatchNormalization(momentum=self.momentum)(x) if norm else x

    def convs(self, x, *filters, **options):
        for count in filters:
            x = self.conv(x, count, **options)
        return x

    def up_conv(self, x, filters, size=2):
        """Transposed convolution whose stride is as large as its kernel: nothing overlaps."""
        layer = self.layers.Conv2DTranspose if self.rank == 2 else self.layers.Conv3DTranspose
        return layer(filters, self._sizes(size), strides=self._sizes(size), padding="same")(x)

    def pool(self, x, size=2, stride=None, padding="valid"):
        layer = self.layers.MaxPooling2D if self.rank == 2 else self.layers.MaxPooling3D
        return layer(self._sizes(size), strides=self._sizes(stride or size), padding=padding)(x)

    def upsample(self, x):
        return (self.layers.UpSampling2D if self.rank == 2 else self.layers.UpSampling3D)(self._sizes(2))(x)

    def concat(self, *inputs):
        return self.layers.Concatenate()(list(inputs))

    def drop(self, x, rate):
        return self.layers.Dropout(rate)(x) if rate else x

    def output(self, x):
        """One probability per pixel: a convolution over the single pixel and a sigmoid."""
        return self.conv(x, 1, kernel=1, activation="sigmoid", padding="valid")


# Encoder and decoder without skips.


def vgg(n, x, encoder, decoder, norm=True, pool_drops=(), up_drops=()):
    for level, filters in enumerate(encoder):
        x = n.pool(n.convs(x, filters, filters, norm=norm))
        x = n.drop(x, pool_drops[level] if pool_drops else 0)
    for level, filters in enumerate(decoder):
        x = n.conv(n.up_conv(x, filters), filters, norm=norm)
        x = n.drop(x, up_drops[level] if up_drops else 0)
    return x


def plain_vgg(n, x, encoder):
    # The last transposed convolution already makes one channel; a 1×1 convolution then scales and shifts it.
    x = vgg(n, x, encoder, (128, 64), norm=False)
    return n.output(n.up_conv(x, 1))


def vggnet_s(n, x):
    return plain_vgg(n, x, (64, 128, 256))


def vggnet_m(n, x):
    return plain_vgg(n, x, (128, 256, 512))


def vggnet_l(n, x):
    return n.output(vgg(n, x, (128, 256, 512, 1024), (1024, 512, 256, 128), pool_drops=(0, 0, 0, 0.25)))


def vggnet_x(n, x):
    return n.output(vgg(n, x, (64, 128, 256, 512, 1024), (1024, 512, 256, 128, 64), pool_drops=(0, 0, 0, 0, 0.25)))


def vggnet_l_2024(n, x):
    quarter = (0.25,) * 4
    return n.output(vgg(n, x, (128, 256, 512, 512), (512, 512, 256, 128), pool_drops=quarter, up_drops=quarter))


def vggnet_x_2025(n, x):
    drops = (0, 0, 0, 0.25, 0.25)
    x = vgg(n, x, (128, 256, 512, 512, 512), (512, 512, 256, 128, 128), pool_drops=drops, up_drops=(0.25, 0.25, 0, 0, 0))
    return n.output(x)


# Encoder and decoder joined by skips. Concatenation is always what comes from below, then the skip.


def u_net(n, x, encoder, bottom, decoder, bottom_drop, pool_drops=(), up_drops=(), pools=(), steps=()):
    """`encoder`, `bottom`, `decoder`: the filters of each level's convolutions; `steps`: sizes of the upward steps."""
    skips = []
    for level, filters in enumerate(encoder):
        x = n.convs(x, *filters, norm=True)
        skips.append(x)
        x = n.pool(x, **(pools[level] if pools else {}))
        x = n.drop(x, pool_drops[level] if pool_drops else 0)
    x = n.drop(n.convs(x, *bottom, norm=True), bottom_drop)
    for level, filters in enumerate(decoder):
        x = n.up_conv(x, filters[0], steps[level] if steps else 2)
        x = n.convs(n.concat(x, skips.pop()), *filters, norm=True)
        x = n.drop(x, up_drops[level] if up_drops else 0)
    return n.output(x)


def pairs(*filters):
    return [(count, count) for count in filters]


def unet_m(n, x):
    return u_net(n, x, pairs(32, 64, 128, 256), (512, 512), pairs(256, 128, 64, 32), 0.5)


def unet_l(n, x):
    encoder = [(64, 64), (128, 128), (256, 512), (512, 512)]
    return u_net(n, x, encoder, (1024, 1024), pairs(512, 512, 128, 64), 0.5)


def unet_l_2025(n, x):
    quarter = (0.25,) * 4
    return u_net(n, x, pairs(128, 256, 512, 512), (1024, 1024), pairs(512, 512, 256, 128), 0.25, quarter, quarter)


def cryopom(n, x):
    encoder, decoder = pairs(64, 128, 256, 512), pairs(512, 256, 128, 64)
    return u_net(n, x, encoder, (1024, 1024), decoder, 0.3, (0, 0, 0.15, 0.15), (0.15, 0.15, 0.15, 0))


def ezm_2d(n, x):
    encoder = [(count,) * 3 for count in (64, 128, 256, 512)]
    return u_net(n, x, encoder, (1024,) * 3, pairs(512, 256, 128, 64), 0.25)


# Z is halved at the first two levels only.
SLAB_POOLS = ({"padding": "same"}, {"padding": "same"}, {"size": (2, 2, 1)}, {"size": (2, 2, 1)})
SLAB_STEPS = ((2, 2, 1), (2, 2, 1), 2, 2)


def ezm_3d_m(n, x):
    decoder = [(count,) for count in (256, 128, 64, 32)]
    return u_net(
        n, x, pairs(32, 64, 128, 256), (512, 512), decoder, 0.25, pools=SLAB_POOLS, steps=SLAB_STEPS)


def ezm_3d_l(n, x):
    def flat(x, filters, count):
        # Deep levels see a plane at a time; one convolution along z alone couples the planes.
        x = n.conv(x, filters, (3, 3, 1), norm=True)
        x = n.conv(x, filters, (1, 1, 3), norm=True)
        return n.convs(x, *[filters] * count, kernel=(3, 3, 1), norm=True)

    skips = []
    for level, filters in enumerate((64, 128, 256, 512)):
        x = n.convs(x, *[filters] * 3, norm=True) if level < 2 else flat(x, filters, 2)
        skips.append(x)
        x = n.pool(x, **SLAB_POOLS[level])
    x = n.drop(flat(x, 512, 2), 0.25)
    for level, filters in enumerate((512, 256, 128, 64)):
        x = n.concat(n.up_conv(x, filters, SLAB_STEPS[level]), skips.pop())
        x = flat(x, filters, 1) if level < 2 else n.convs(x, filters, filters, norm=True)
    return n.output(x)


def ezm_3d_17d(n, x):
    """Planes in, one plane out: a 3D encoder whose centre slices feed a 2D decoder through Lambda layers."""
    flat = Builder(n.keras, 2)

    def centre(x):
        return n.layers.Lambda(lambda t: t[:, :, :, t.shape[3] // 2, :])(x)

    skips = []
    for level, filters in enumerate((32, 64, 128, 256)):
        x = n.convs(x, filters, filters, norm=True)
        skips.append(x)
        x = n.pool(x, **SLAB_POOLS[level])
    x = centre(n.drop(n.convs(x, 512, 512, norm=True), 0.25))
    for filters in (256, 128, 64, 32):
        x = flat.up_conv(x, filters)
        x = flat.conv(flat.concat(x, centre(skips.pop())), filters, norm=True)
    return flat.output(x)


# U-Nets that enlarge by repeating pixels.


def unet_s(n, x):
    first = n.conv(x, 64)
    second = n.conv(n.pool(first), 128)
    x = n.conv(n.pool(second), 256)
    x = n.conv(n.concat(n.upsample(x), second), 128)
    x = n.conv(n.concat(n.upsample(x), first), 64)
    return n.output(x)


def small_unet(n, x, rate):
    first = n.drop(n.conv(x, 64), rate)
    x = n.drop(n.conv(n.pool(first), 128), rate)
    x = n.conv(n.concat(n.upsample(x), first), 64)
    return n.output(x)


def unet_lite(n, x):
    return small_unet(n, x, 0)


def unet_dropout(n, x):
    return small_unet(n, x, 0.1)


def pix2pix(n, x, encoder=(64, 128, 256, 512, 512), decoder=(512, 256, 128, 64), first_norm=False, last="sigmoid"):
    skips = []
    for level, filters in enumerate(encoder):
        x = n.conv(x, filters, 4, stride=2, activation="leaky", norm=first_norm or level > 0)
        skips.append(x)
    skips.pop()
    for filters in decoder:
        x = n.concat(n.conv(n.upsample(x), filters, 4, norm=True), skips.pop())
    return n.conv(n.upsample(x), 1, 4, activation=last)


def pix2pix_paper(n, x):
    return pix2pix(n, x, (64, 128, 256, 512, 512, 512), (512, 512, 256, 128, 64), first_norm=True, last="tanh")


# Others.


def eman2(n, x):
    x = n.conv(n.pool(n.conv(x, 40, 15)), 40, 15)
    return n.upsample(n.conv(x, 1, 15, activation="sigmoid"))


def inceptionnet(n, x):
    for _ in range(3):
        one = n.conv(x, 64, 1)
        three = n.conv(n.conv(x, 64, 1), 64, 3)
        five = n.conv(n.conv(x, 64, 1), 64, 5)
        pooled = n.conv(n.pool(x, 3, stride=1, padding="same"), 64, 1)
        x = n.concat(one, three, five, pooled)
    return n.conv(x, 1, 1, activation="sigmoid")


def resnet(n, x):
    for filters in (32, 64, 128, 256):
        y = n.convs(x, filters, filters, activation=None)
        x = n.layers.Activation("relu")(n.layers.Add()([n.conv(x, filters, 1, activation=None), y]))
    return n.output(x)


@dataclass(frozen=True)
class Layout:
    """`parameters`: the count at one and at five input slices. `any_size`: also runs on 65 × 70."""

    title: str
    build: Callable
    parameters: tuple
    any_size: bool = False
    slab: bool = False
    momentum: float = 0.99
    fixed_size: bool = False
    refused: bool = False

    @property
    def name(self) -> str:
        return self.build.__name__

    @property
    def depths(self) -> tuple:
        """Slices in one input: as channels of a 2D network, as the z axis of a 3D one."""
        if self.refused:
            return (17,)
        return (16,) if self.slab else (1, 5)


LAYOUTS = [
    Layout("VGGNet S", vggnet_s, (1_493_059, 1_495_363), any_size=True),
    Layout("VGGNet M", vggnet_m, (5_053_955, 5_058_563), any_size=True),
    Layout("VGGNet L", vggnet_l, (38_239_489, 38_244_097), any_size=True),
    Layout("VGGNet X", vggnet_x, (38_420_097, 38_422_401), any_size=True),
    Layout("UNet S", unet_s, (922_881, 925_185)),
    Layout("UNet M", unet_m, (7_771_297, 7_772_449)),
    Layout("UNet L", unet_l, (38_791_489, 38_793_793)),
    Layout("Pix2pix", pix2pix, (16_661_121, 16_665_217), momentum=0.8),
    Layout("ezm-2d", ezm_2d, (43_634_689, 43_636_993)),
    Layout("Eman2", eman2, (378_081, 414_081), any_size=True),
    Layout("InceptionNet", inceptionnet, (550_529, 551_553), any_size=True),
    Layout("ResNet", resnet, (1_215_457, 1_216_737), any_size=True),
    Layout("ezm-3d-M", ezm_3d_m, (19_579_265,), slab=True),
    Layout("ezm-3d-L", ezm_3d_l, (30_981_761,), slab=True),
    # Earlier ones, needed to read old files. Where no count at five slices was published, the first convolution's
    # growth, height · width · 4 · filters, is added.
    Layout("VGGNet L (2024)", vggnet_l_2024, (17_521_921, 17_521_921 + 9 * 4 * 128), any_size=True),
    Layout("VGGNet X (2025)", vggnet_x_2025, (22_459_393, 22_459_393 + 9 * 4 * 128), any_size=True),
    Layout("UNet L (2025)", unet_l_2025, (43_655_297, 43_655_297 + 9 * 4 * 128)),
    Layout("UNet lite", unet_lite, (185_217, 185_217 + 9 * 4 * 64)),
    Layout("UNet dropout", unet_dropout, (185_217, 185_217 + 9 * 4 * 64)),
    Layout("Pix2pix (paper)", pix2pix_paper, (29_249_409, 29_249_409 + 16 * 4 * 64), momentum=0.8, fixed_size=True),
    Layout("cryoPom", cryopom, (31_054_145, 31_054_145 + 9 * 4 * 64)),
    Layout("ezm-3d-17d", ezm_3d_17d, (16_404_865,), slab=True, refused=True),
]
