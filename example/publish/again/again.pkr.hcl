# Publishes the image that the template above has built, without building it once more: to another registry, or when what kept it from the
# first is mended.
packer {
  required_plugins {
    airship = {
      source  = "github.com/airshipit/airship"
      version = ">= 0.1.0"
    }
  }
}

variable "registry" {
  type        = string
  default     = "registry.example.org/site/control-plane"
  description = "The repository that the image goes to: REGISTRY/REPOSITORY."
}

variable "tag" {
  type        = string
  default     = ""
  description = "Default: that of the AirshipImage's spec.publish."
}

variable "output" {
  type        = string
  default     = ""
  description = "The build's output_directory. Default: that of the template above."
}

locals {
  output = abspath(var.output != "" ? var.output : "${path.root}/../output")
}

data "airship-nodeprofile" "node" {
  documents = ["${path.root}/../documents"]
}

source "null" "built" {
  communicator = "none"
}

build {
  sources = ["source.null.built"]

  post-processors {
    # All files: besides the image its manifest, which says of what profile it is, its SBOM, provenance and report.
    post-processor "artifice" {
      files = [for file in fileset(local.output, "*") : "${local.output}/${file}"]
    }

    post-processor "airship-publish" {
      profile_yaml = data.airship-nodeprofile.node.profile_yaml
      registry     = var.registry
      tag          = var.tag
      documents    = ["${path.root}/../site", "${path.root}/../documents"]
    }
  }
}
