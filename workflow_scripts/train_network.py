"""Train the network of a recipe from one seed, from its checkpoint if it was interrupted."""

from neurobust.config.recipes import Recipe
from neurobust.config.schedules import Schedule
from neurobust.files.storage import read_dataset, read_tree
from neurobust.jobs.run import run
from neurobust.networks.devices import choose_device
from neurobust.networks.files import NetworkFile, load_network, save_network
from neurobust.training.checkpoints import Checkpoint, checkpoint_path, training_key
from neurobust.training.objective import TrainingData
from neurobust.training.train import train_network


def main(job):
    recipe = Recipe.model_validate(job.params.recipe)
    schedules = {name: Schedule(**given) for name, given in job.params.schedules.items()}
    files = dict(job.input.items())
    source, similar = recipe.source("responses"), recipe.source("similarity")
    data = TrainingData(
        images=read_dataset(files["images"]) if "images" in files else None,
        recordings={source: read_tree(files["recording"])} if "recording" in files else {},
        responses={source: read_dataset(files["responses"])} if "responses" in files else {},
        similarities={similar: read_dataset(files["similarity"])} if similar else {},
        start=load_network(files["start"]).network if "start" in files else None,
    )
    device = choose_device(job.config["device"], job.resources.gpu)
    seed = int(job.wildcards.seed)
    key = training_key(
        files.values(),
        recipe=job.params.recipe,
        schedules=job.params.schedules,
        code=job.params.code,
        seed=seed,
        device=device.type,
    )
    minutes = job.config["checkpoint_minutes"]
    checkpoint = Checkpoint(checkpoint_path(job.output[0]), key, minutes=minutes)
    network, history = train_network(
        recipe, schedules, data, seed=seed, device=device, checkpoint=checkpoint
    )
    save_network(NetworkFile(network, seed, history), job.output[0])
    checkpoint.remove()


if __name__ == "__main__":
    run(main, snakemake)
