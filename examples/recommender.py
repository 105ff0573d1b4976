"""Matrix factorization recommends films: a film is the sum of what it is by itself and what its genres are.

    python examples/recommender.py

The ratings are made up, so what can be reached is known: on ratings it has not seen, RMSE 0.58 where the mean rating
gives 1.19 and the noise alone 0.50; on films that nobody had rated, which it knows by their genres only, 0.77.
"""

from __future__ import annotations

import argparse

from tqdm import tqdm

import lamella as torch
from lamella import nn
from lamella.data import DataLoader, TensorDataset
from lamella.nn import functional as F

GENRES, GENRES_OF_A_FILM, TASTES, NOISE = 12, 3, 4, 0.5


class Recommender(nn.Module):
    """The rating is the mean rating, plus how generous the user and how good the film is, plus how they match."""

    def __init__(self, users, bags, mean):
        super().__init__()
        self.mean, self.bags = mean, bags
        features = int(bags.max()) + 1
        self.user = nn.Embedding(users, TASTES + 1)
        # A bag is a row of indices; EmbeddingBag adds up the vectors of its indices without building a table of them.
        self.film = nn.EmbeddingBag(features, TASTES + 1, mode="sum")
        for embedding in (self.user, self.film):
            nn.init.normal_(embedding.weight, std=0.1)  # so a film that is never rated stays near its genres

    def forward(self, users, films):
        user, film = self.user(users), self.film(self.bags[films])
        match = (user[:, 1:] * film[:, 1:]).sum(dim=1)
        return self.mean + user[:, 0] + film[:, 0] + match


def make_ratings(users, films, ratings):
    """The bags of the films, and who rated which film how: (films, 4), and three of (ratings,).

    The bag of film i holds i and, counted from ``films`` on, its genres.
    """
    generosity, taste = 0.4 * torch.randn(users), torch.randn(users, TASTES)
    genres = torch.rand(films, GENRES).argsort(dim=1)[:, :GENRES_OF_A_FILM]  # different ones
    style = torch.randn(GENRES, TASTES)[genres].sum(dim=1) / 4 + 0.2 * torch.randn(films, TASTES)
    quality = 0.4 * torch.randn(films)
    cells = torch.randperm(users * films)[:ratings]  # no user rates a film twice
    by, of = cells // films, cells % films
    rated = 3.5 + generosity[by] + quality[of] + (taste[by] * style[of]).sum(dim=1) + NOISE * torch.randn(ratings)
    bags = torch.cat([torch.arange(films)[:, None], films + genres], dim=1)
    return bags, by, of, rated


def rmse(predicted, rated):
    """The root of the mean squared error."""
    return F.mse_loss(predicted, rated).sqrt().item()


def main(argv=None):
    """Train; returns the RMSE of the held-out ratings."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--epochs", type=int, default=20)
    parser.add_argument("--users", type=int, default=2000)
    parser.add_argument("--films", type=int, default=1000)
    parser.add_argument("--ratings", type=int, default=100_000)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args(argv)
    torch.manual_seed(options.seed)
    bags, users, films, rated = make_ratings(options.users, options.films, options.ratings)
    new = films >= options.films * 9 // 10  # nobody's ratings of the last tenth of the films are trained on
    held_out = ~new & (torch.rand(options.ratings) < 0.1)
    seen = ~new & ~held_out
    loader = DataLoader(TensorDataset(users[seen], films[seen], rated[seen]), batch_size=256, shuffle=True)
    mean = rated[seen].mean().item()
    model = Recommender(options.users, bags, mean)
    optimizer = torch.optim.Adam(model.parameters(), lr=5e-3, weight_decay=1e-5)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=options.epochs)
    for epoch in range(1, options.epochs + 1):
        for by, of, target in tqdm(loader, f"epoch {epoch}", leave=False, unit=" batches"):
            optimizer.zero_grad()
            F.mse_loss(model(by, of), target).backward()
            optimizer.step()
        schedule.step()
        with torch.no_grad():
            predicted = model(users, films)
        print(
            f"epoch {epoch}: RMSE {rmse(predicted[seen], rated[seen]):.3f} seen, "
            f"{rmse(predicted[held_out], rated[held_out]):.3f} held out"
        )
    reached, on_new = (rmse(predicted[part], rated[part]) for part in (held_out, new))
    guessed, guessed_new = (rmse(torch.full_like(rated[part], mean), rated[part]) for part in (held_out, new))
    print(f"held-out ratings: RMSE {reached:.3f}; the mean rating gives {guessed:.3f}, the noise is {NOISE:.3f}")
    print(f"films nobody had rated: RMSE {on_new:.3f}; the mean rating gives {guessed_new:.3f}")
    return reached


if __name__ == "__main__":
    main()
