"""A transformer learns to write like a text, character by character: causal attention, and sampling from the result.

    python examples/char_transformer.py                 # learns from this repository's docs
    python examples/char_transformer.py --text FILE...  # from any other text

Reaches 1.94 nats per character on the parts of the docs it has not seen, 1.33 below the entropy of how often each
character occurs.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from tqdm import tqdm

import lamella as torch
from lamella import nn
from lamella.nn import functional as F

DOCS = Path(__file__).parents[1] / "docs"


class CharTransformer(nn.Module):
    """From the characters of a window, at each place the logits of the next one."""

    def __init__(self, characters, context, width, layers):
        super().__init__()
        self.context = context
        self.character = nn.Embedding(characters, width)
        self.place = nn.Parameter(torch.zeros(context, width))
        layer = nn.TransformerEncoderLayer(width, 4, 4 * width, dropout=0.1, batch_first=True, norm_first=True)
        self.layers = nn.TransformerEncoder(layer, layers, norm=nn.LayerNorm(width), enable_nested_tensor=False)
        self.out = nn.Linear(width, characters)

    def forward(self, codes):
        length = codes.shape[1]
        # A place sees itself and those before it: what comes after is what it is to predict.
        mask = nn.Transformer.generate_square_subsequent_mask(length)
        return self.out(self.layers(self.character(codes) + self.place[:length], mask, is_causal=True))

    def write(self, codes, count):
        """``codes`` (L,) and ``count`` more, each drawn from what the model thinks comes next."""
        for _ in range(count):
            logits = self(codes[None, -self.context :])[0, -1]
            drawn = torch.multinomial(torch.softmax(logits / 0.7, dim=0), 1)  # 0.7: likely ones become likelier
            codes = torch.cat([codes, drawn])
        return codes


def read(paths):
    """The first nine tenths of each file, to learn from, and the last tenths, to be judged by."""
    texts = [path.read_text(encoding="utf-8") for path in paths]
    cuts = [len(text) * 9 // 10 for text in texts]
    pairs = list(zip(texts, cuts, strict=True))
    return "".join(text[:cut] for text, cut in pairs), "".join(text[cut:] for text, cut in pairs)


def loss_of(model, windows):
    """The mean loss of a character, in nats, over windows (N, context + 1)."""
    return F.cross_entropy(model(windows[:, :-1]).flatten(0, 1), windows[:, 1:].flatten())


def evaluate(model, codes):
    """The loss over a whole text, cut into windows."""
    model.eval()
    windows = codes.unfold(0, model.context + 1, model.context)
    with torch.no_grad():
        losses = torch.stack([loss_of(model, some) * len(some) for some in windows.split(32)])
    model.train()
    return losses.sum().item() / len(windows)


def main(argv=None):
    """Train, and write a few lines; returns the loss on held-out text."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--text", metavar="FILE", type=Path, nargs="+", default=sorted(DOCS.glob("*.md")))
    parser.add_argument("--steps", type=int, default=800, help="how many batches to train on")
    parser.add_argument("--context", type=int, default=64, help="how many characters it sees")
    parser.add_argument("--width", type=int, default=96, help="the numbers that stand for a character")
    parser.add_argument("--layers", type=int, default=3)
    parser.add_argument("--write", type=int, default=400, help="how many characters to write")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args(argv)
    torch.manual_seed(options.seed)
    train_text, test_text = read(options.text)
    characters = sorted(set(train_text + test_text))
    code_of = {character: code for code, character in enumerate(characters)}
    train, test = (torch.tensor([code_of[c] for c in text]) for text in (train_text, test_text))
    model = CharTransformer(len(characters), options.context, options.width, options.layers)
    optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, max_lr=3e-3, total_steps=options.steps)
    windows = train.unfold(0, options.context + 1, 1)  # every window of the text, as a view
    for step in tqdm(range(options.steps), "training", leave=False, unit=" batches"):
        loss = loss_of(model, windows[torch.randint(len(windows), (32,))])
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        schedule.step()
        if (step + 1) % max(1, options.steps // 8) == 0:
            tqdm.write(f"batch {step + 1}: loss {loss.item():.3f}, held out {evaluate(model, test):.3f}")
    model.eval()
    with torch.no_grad():
        written = model.write(train[: options.context], options.write)[options.context :]
    print("".join(characters[code] for code in written.tolist()))
    shares = torch.bincount(test) / len(test)
    entropy = torch.special.entr(shares).sum().item()  # the least loss of a model that sees no character before
    reached = evaluate(model, test)
    print(f"held out: {reached:.3f} nats per character, {entropy - reached:.3f} below the {entropy:.3f} of frequencies")
    return reached


if __name__ == "__main__":
    main()
