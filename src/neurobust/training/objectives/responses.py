"""Prediction of neural responses: recorded ones, or those that another network predicts."""

import math
from collections.abc import Iterator

import torch
import xarray as xr
from jaxtyping import Float
from torch import Tensor, nn

from neurobust.config.objectives import responses as config
from neurobust.errors import InputError
from neurobust.images.batches import LabelledPictures
from neurobust.networks.network import Network
from neurobust.networks.stimuli import training_stimuli
from neurobust.randomness import generator
from neurobust.recordings.form import average_repeats, sessions_of
from neurobust.training.batches import BatchOrder
from neurobust.training.objective import Task


class RecordedResponses:
    """Prediction of a recording's training responses, session by session.

    Repeats of a stimulus are averaged. With ``likelihood`` the loss is the summed negative
    log-likelihood, Poisson for counts and Gaussian for continuous responses, scaled by
    sqrt(stimuli / batch), plus the L1 norm of the readout's features (released code of Safarani
    2021). With ``mse`` it is the mean squared error.
    """

    def __init__(
        self,
        settings: config.Responses,
        recording: xr.DataTree,
        *,
        colour: str,
        batch_size: int,
        seed: int,
        purpose: str,
        device: torch.device,
    ) -> None:
        self.ratio = settings.ratio
        self.weight = 1.0
        self._settings = settings
        self._counts = recording.attrs["response_kind"] == "counts"
        self.gaussian = settings.loss == "mse"
        self.pictures, self._standard, rows = training_stimuli(recording, colour, device)
        self._sessions: list[tuple[str, Tensor, Tensor, BatchOrder]] = []
        for name, session in sessions_of(recording).items():
            mean = average_repeats(session)
            kept = [i for i, s in enumerate(mean["stimulus_id"].values) if s in rows]
            positions = torch.tensor([rows[mean["stimulus_id"].values[i]] for i in kept])
            responses = torch.from_numpy(mean["response"].values[kept]).float()
            if settings.shuffled:
                draw = generator(seed, "shuffled responses", name).permutation(len(responses))
                responses = responses[torch.from_numpy(draw)]
            order = BatchOrder(
                len(kept), batch_size, seed=seed, purpose=f"{purpose} {name}", device=device
            )
            self._sessions.append((name, positions.to(device), responses.to(device), order))
        self._per_step = min(settings.sessions_per_step or len(self._sessions), len(self._sessions))

    def __len__(self) -> int:
        longest = max(order.per_pass for *_, order in self._sessions)
        return math.ceil(longest * len(self._sessions) / self._per_step)

    def mean_responses(self) -> Float[Tensor, " neuroid"]:
        """Return the neuroids' mean training responses, in the readout's order."""
        return torch.cat([responses.mean(0) for _, _, responses, _ in self._sessions])

    def losses(self, network: Network, number: int) -> Iterator[Float[Tensor, ""]]:
        """Yield the losses of the sessions in this batch."""
        for turn in range(number * self._per_step, (number + 1) * self._per_step):
            number_in_session, index = divmod(turn, len(self._sessions))
            name, positions, responses, order = self._sessions[index]
            chosen = order[number_in_session]
            images = self._standard(self.pictures[positions[chosen]])
            predicted = network.respond(images, name)
            yield self._loss(network, name, predicted, responses[chosen], order.examples)

    def _loss(
        self, network: Network, session: str, predicted: Tensor, target: Tensor, examples: int
    ) -> Float[Tensor, ""]:
        if self.gaussian:
            return nn.functional.mse_loss(predicted, target)
        if self._counts:
            loss = nn.functional.poisson_nll_loss(
                predicted, target, log_input=False, reduction="sum", eps=1e-12
            )
        else:
            loss = 0.5 * nn.functional.mse_loss(predicted, target, reduction="sum")
        assert network.readout is not None
        penalty = network.readout.l1(network.heads.slices()[session])
        return loss * math.sqrt(examples / len(target)) + self._settings.l1 * penalty


class PredictedResponses:
    """Mean squared error to the responses that another network predicts for the image set.

    The images are not augmented (released code of Safarani 2021). Shuffled responses are permuted
    across images once, with the same permutation for all neuroids.
    """

    gaussian = True
    weight = 1.0

    def __init__(
        self,
        settings: config.Responses,
        responses: xr.Dataset,
        pictures: LabelledPictures,
        *,
        batch_size: int,
        seed: int,
        purpose: str,
    ) -> None:
        self.ratio = settings.ratio
        device = pictures.labels.device
        ids = {image: index for index, image in enumerate(responses["image_id"].values.tolist())}
        missing = [image for image in pictures.image_ids.tolist() if image not in ids]
        if missing:
            raise InputError(
                f"responses of {responses.attrs.get('network', 'a network')}",
                f"{len(missing)} training images have no response, the first image_id {missing[0]}",
                expected="responses to the image set that the network is trained on",
                fix="let the workflow synthesise the responses again",
            )
        positions = [ids[image] for image in pictures.image_ids.tolist()]
        targets = torch.from_numpy(responses["response"].values[positions]).to(device)
        if settings.shuffled:
            draw = generator(seed, "shuffled responses").permutation(len(targets))
            targets = targets[torch.from_numpy(draw).to(device)]
        self._targets = targets
        self._standard = pictures.standard
        self._pixels = pictures.seen()
        self._order = BatchOrder(
            len(pictures), batch_size, seed=seed, purpose=purpose, device=device
        )

    def __len__(self) -> int:
        return self._order.per_pass

    def mean_responses(self) -> Float[Tensor, " neuroid"]:
        """Return the neuroids' mean responses over the training images."""
        return self._targets.mean(0)

    def losses(self, network: Network, number: int) -> Iterator[Float[Tensor, ""]]:
        """Yield the mean squared error of a batch."""
        chosen = self._order[number]
        predicted = network.respond(self._standard(self._pixels[chosen]))
        yield nn.functional.mse_loss(predicted, self._targets[chosen])


def build(settings: config.Responses, task: Task) -> RecordedResponses | PredictedResponses:
    """Build the response objective of a recipe, for its recording or its synthesised responses."""
    data = task.data
    if settings.source in data.recordings:
        return RecordedResponses(
            settings,
            data.recordings[settings.source],
            colour=task.network.recipe.colour,
            batch_size=task.schedule.batch_size,
            seed=task.seed,
            purpose=task.purpose,
            device=task.device,
        )
    return PredictedResponses(
        settings,
        data.responses[settings.source],
        task.shown,
        batch_size=task.schedule.batch_size,
        seed=task.seed,
        purpose=task.purpose,
    )
