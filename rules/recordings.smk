# Neural recordings.
# In:  recordings under resources/, or the image set that a simulated population is shown
# Out: results/recordings/{recording}.nc, one labelled form for every source, and its reliability

SIMULATED = {
    "assembly": "<results>/recordings/simulated/{recording}/assembly.nc",
    "stimulus_set": "<results>/recordings/simulated/{recording}/stimulus_set.csv",
    "stimuli": "<results>/recordings/simulated/{recording}/stimuli.zip",
}


def recording_settings(wildcards):
    """Look up the settings of a recording."""
    return CONFIG.recordings[wildcards.recording].model_dump(mode="json")


def recording_files(wildcards):
    """Name the raw files of a recording, as far as they are there: the importer names the others.

    A plan does not need them, so that a dry run works before anything was fetched.
    """
    settings = CONFIG.recordings[wildcards.recording]
    if settings.source == "simulated":
        return {name: path.format(**wildcards) for name, path in SIMULATED.items()}
    paths = {name: getattr(settings, name) for name in RAW_FILES[settings.source]}
    return {name: str(path) for name, path in paths.items() if path.exists()}


def shown_images(wildcards):
    """Name the image set that a simulated population is shown."""
    settings = CONFIG.recordings[wildcards.recording]
    return f"<results>/images/{settings.stimuli}.nc"


rule simulate_recording:
    """Simulate a population of macaque V1 cells and write it as a BrainIO assembly."""
    input:
        shown_images,
    output:
        **SIMULATED,
    log:
        "<logs>/simulate_recording/{recording}.log",
    benchmark:
        "<benchmarks>/simulate_recording/{recording}.tsv"
    conda:
        "../envs/data.yaml"
    threads: 1
    resources:
        mem_mb=4000,
        runtime=30,
    params:
        settings=recording_settings,
        code=code_of("simulate_recording"),
    script:
        "../workflow_scripts/simulate_recording.py"


rule import_recording:
    """Read a recording into the labelled form and check every value."""
    input:
        unpack(recording_files),
    output:
        "<results>/recordings/{recording}.nc",
    log:
        "<logs>/import_recording/{recording}.log",
    benchmark:
        "<benchmarks>/import_recording/{recording}.tsv"
    conda:
        "../envs/data.yaml"
    threads: 1
    resources:
        mem_mb=8000,
        runtime=60,
    params:
        settings=recording_settings,
        code=code_of("import_recording"),
    script:
        "../workflow_scripts/import_recording.py"


rule measure_reliability:
    """Measure explainable variance and split-half reliability of each neuroid."""
    input:
        "<results>/recordings/{recording}.nc",
    output:
        "<results>/evaluations/reliability/{recording}.nc",
    log:
        "<logs>/measure_reliability/{recording}.log",
    benchmark:
        "<benchmarks>/measure_reliability/{recording}.tsv"
    conda:
        "../envs/data.yaml"
    threads: 1
    resources:
        mem_mb=4000,
        runtime=30,
    params:
        code=code_of("measure_reliability"),
    script:
        "../workflow_scripts/measure_reliability.py"
