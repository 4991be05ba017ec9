"""The networks of the comparison, as PyTorch modules with random weights."""

import torch
import torch.nn as nn
import torch.nn.functional as functional
import torchvision


class CIFARBlock(nn.Module):
    """Two 3x3 convolutions around a parameter-free shortcut (He et al. 2016, option A)."""

    def __init__(self, channels_in, channels, stride):
        super().__init__()
        self.conv1 = nn.Conv2d(channels_in, channels, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(channels)
        self.conv2 = nn.Conv2d(channels, channels, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(channels)
        self.stride, self.extra = stride, (channels - channels_in) // 2

    def forward(self, x):
        y = self.bn2(self.conv2(torch.relu(self.bn1(self.conv1(x)))))
        if self.stride != 1:
            x = functional.pad(x[:, :, ::2, ::2], (0, 0, 0, 0, self.extra, self.extra))
        return torch.relu(x + y)


class CIFARResNet20(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(3, 16, 3, 1, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(16)
        blocks, channels = [], 16
        for width, stride in ((16, 1), (32, 2), (64, 2)):
            for index in range(3):
                blocks.append(CIFARBlock(channels, width, stride if index == 0 else 1))
                channels = width
        self.blocks = nn.Sequential(*blocks)
        self.linear = nn.Linear(64, 10)

    def forward(self, x):
        x = self.blocks(torch.relu(self.bn1(self.conv1(x))))
        return self.linear(x.mean((2, 3)))


class CompactBlock(nn.Module):
    """Two 3x3 convolutions with biases around the identity, or around a 1x1 convolution where the shape changes."""

    def __init__(self, channels_in, channels, stride):
        super().__init__()
        self.conv1 = nn.Conv2d(channels_in, channels, 3, stride, 1)
        self.conv2 = nn.Conv2d(channels, channels, 3, 1, 1)
        self.shortcut = nn.Sequential(*([nn.Conv2d(channels_in, channels, 1, stride)] if stride != 1 else []))

    def forward(self, x):
        return torch.relu(self.conv2(torch.relu(self.conv1(x))) + self.shortcut(x))


class ResNet2B(nn.Module):
    """The smaller residual network of VNN-COMP 2021, without batch norm."""

    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(3, 8, 3, 2, 1)
        self.layer1 = nn.Sequential(CompactBlock(8, 16, 2), CompactBlock(16, 16, 1))
        self.linear1 = nn.Linear(1024, 100)
        self.linear2 = nn.Linear(100, 10)

    def forward(self, x):
        x = self.layer1(torch.relu(self.conv1(x)))
        return self.linear2(torch.relu(self.linear1(x.flatten(1))))


class LeNet5(nn.Module):
    def __init__(self):
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(1, 6, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(6, 16, 5), nn.ReLU(), nn.MaxPool2d(2))
        self.classifier = nn.Sequential(
            nn.Flatten(), nn.Linear(400, 120), nn.ReLU(), nn.Linear(120, 84), nn.ReLU(), nn.Linear(84, 10))

    def forward(self, x):
        return self.classifier(self.features(x))


def torchvision_network(name, **options):
    return lambda: getattr(torchvision.models, name)(weights=None, **options)


# advkit's name: (constructor, channels, side, images of a step)
NETWORKS = {
    "resnet18": (torchvision_network("resnet18"), 3, 224, 8),
    "resnet50": (torchvision_network("resnet50"), 3, 224, 8),
    "vgg16": (torchvision_network("vgg16"), 3, 224, 4),
    "resnet20": (CIFARResNet20, 3, 32, 64),
    "densenet121": (torchvision_network("densenet121"), 3, 224, 8),
    "googlenet": (torchvision_network("googlenet", aux_logits=False, init_weights=False), 3, 224, 8),
    "alexnet": (torchvision_network("alexnet"), 3, 224, 16),
    "lenet5": (LeNet5, 1, 28, 128),
}


def frozen(name, layout=torch.contiguous_format):
    """The network ready to be attacked: nothing is trained, no statistics are updated."""
    return NETWORKS[name][0]().eval().requires_grad_(False).to(memory_format=layout)
