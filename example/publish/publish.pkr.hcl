# An image that is stored in a registry, and a site whose documents name it then.
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

variable "update" {
  type        = string
  default     = "in-place"
  description = "How the site's documents change: in-place, directory, patch, or diff to see it alone."
}

variable "verify_boot" {
  type    = bool
  default = true
}

variable "isolation" {
  type    = string
  default = "auto"
}

data "airship-nodeprofile" "node" {
  documents = ["${path.root}/documents"]
}

source "airship" "node" {
  profile_yaml     = data.airship-nodeprofile.node.profile_yaml
  output_directory = "${path.root}/output"
  verify_boot      = var.verify_boot
  isolation        = var.isolation
}

build {
  sources = ["source.airship.node"]

  provisioner "airship" {
    profile_yaml = data.airship-nodeprofile.node.profile_yaml
  }

  # Where the image goes and which documents name it, the AirshipImage says.
  post-processor "airship-publish" {
    profile_yaml     = data.airship-nodeprofile.node.profile_yaml
    registry         = var.registry
    documents        = ["${path.root}/site", "${path.root}/documents"]
    update           = var.update
    update_directory = var.update == "directory" || var.update == "patch" ? "${path.root}/changed" : ""
  }
}
